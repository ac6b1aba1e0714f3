using Netra.Pipeline.Events;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;
using Netra.Pipeline.Tests.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Runs;

/// <summary>
/// Spec M9: the lives of all runs, the clock they are judged by, the wheel they are looked at by, and what one request renews.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunRegistryTests : IDisposable
{
    private readonly TestTimeProvider _time = new();
    private readonly ReporterUnderTest _reported = new();
    private readonly RunClock _clock;

    public RunRegistryTests() => _clock = new RunClock(_time);

    public void Dispose() => _reported.Dispose();

    [Test]
    public void Clock_Stands_MovesAllDeadlinesByThat()
    {
        var begun = _clock.Now;
        _time.Advance(TimeSpan.FromSeconds(5));
        _clock.Set(isStanding: true);
        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.That(_clock.Now - begun, Is.EqualTo(TimeSpan.FromSeconds(5).Ticks));

        _clock.Set(isStanding: false);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_clock.Now - begun, Is.EqualTo(TimeSpan.FromSeconds(6).Ticks));
    }

    [Test]
    public void Clock_WallClockStepped_GoesOn()
    {
        var begun = _clock.Now;
        _time.ShiftWallClock(TimeSpan.FromDays(-1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_clock.Now - begun, Is.EqualTo(TimeSpan.TicksPerSecond));
    }

    [Test]
    public void Adopt_WaitIsFarInTheFuture_IsBounded()
    {
        var registry = Create(10);
        registry.Adopt(new OpenRun("ada", "t", "r", "demo", IsEmbedded: false) { WaitingUntil = _time.GetUtcNow().AddYears(1) });

        var left = registry.LeftOf(registry.Lives().Single());
        Assert.That(
            left,
            Is.EqualTo(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1)),
            "a wall clock that was wrong must not keep a dead run for a year");
    }

    [Test]
    public void ReadWaiting_AskedAnsweredEndedAndExpired_CountsWhatIsOpen()
    {
        var registry = Create(10);
        var (first, second) = (Begin(registry, "first", 60), Begin(registry, "second", 60));
        registry.Ask(first, Question("q1", _time.GetUtcNow().AddMinutes(1)));
        registry.Ask(first, Question("q2", until: null));
        _time.Advance(TimeSpan.FromMinutes(2));
        registry.Ask(second, Question("q1", until: null));
        registry.Adopt(new OpenRun("ada", "t", "adopted", "demo", IsEmbedded: false)
        {
            Questions = [Question("q1", until: null) with { AskedAt = _time.GetUtcNow().AddDays(-2) }],
        });

        Assert.That(registry.ReadWaiting(), Is.EqualTo(new WaitingRuns(3, 1, TimeSpan.FromDays(2))));
        Assert.That(
            registry.ListWaiting(2).Select(static run => (run.Key.RunId, run.Requests, run.Overdue, run.Waited.TotalMinutes)),
            Is.EqualTo(new[] { ("adopted", 1, 0, 2880.0), ("first", 2, 1, 2.0) }),
            "those first that have waited for longest");

        Assert.That(registry.EndQuestion(first, "q1"), Is.EqualTo(TimeSpan.FromMinutes(2)));
        registry.End(second);
        Assert.That(registry.ReadWaiting(), Is.EqualTo(new WaitingRuns(2, 0, TimeSpan.FromDays(2))));

        _time.Advance(TimeSpan.FromDays(6));
        Assert.That(registry.ReadWaiting().Runs, Is.EqualTo(1), "retention has deleted what the adopted run asked");
        Assert.That(registry.QuestionsOf(new RunKey("ada", "t", "adopted")), Is.Empty);
        registry.EndQuestion(first, "q2");
        Assert.That(registry.ReadWaiting(), Is.EqualTo(default(WaitingRuns)));
    }

    [Test]
    public void TakeDue_OnlyThoseWhoseTimeHasCome_AndNoneTwice()
    {
        var registry = Create(10);
        var (early, late) = (Begin(registry, "early", 5), Begin(registry, "late", 60));
        var due = new List<RunLife>();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        registry.TakeDue(due);
        Assert.That(due, Is.Empty);

        _time.Advance(TimeSpan.FromSeconds(0.4));
        registry.TakeDue(due);
        registry.TakeDue(due);
        Assert.That(due, Is.EqualTo(new[] { early }));

        due.Clear();
        _time.Advance(TimeSpan.FromDays(1));
        registry.TakeDue(due);
        Assert.That(due, Is.EqualTo(new[] { late }));
    }

    [Test]
    public void TakeDue_RunsThatHaveEnded_AreNotThere()
    {
        var registry = Create(10);
        var life = registry.Enter(new RunKey("ada", "t", "r"), new LogRun("t", "r", isEmbedded: false, null));
        registry.OnToken(life, _time.GetTimestamp());
        life.OnOwnEvent(EventType.AgentFailed);
        registry.Leave(life);
        var due = new List<RunLife>();
        _time.Advance(TimeSpan.FromDays(1));
        registry.TakeDue(due);

        Assert.That((due.Count, registry.Lives().Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Request_AsManyRunsAsAreWatched_RenewsAllAndForgetsThoseThatEnd()
    {
        const int Watched = 150_000;
        var registry = Create(Watched);
        var request = new RequestRuns(registry);
        var lives = Enumerable.Range(0, Watched + 10).Select(i => Begin(registry, $"r{i}", 5)).ToList();
        lives.ForEach(life => request.Add(life, PublisherAttempt.At(1)));
        Assert.That(lives.Count(static life => life.Holders == 1), Is.EqualTo(Watched));
        Assert.That(lives[Watched..].Select(static life => life.Holders), Is.All.Zero, "of what nobody judges there is nothing to renew");
        Assert.That(request.HasOpenRun, Is.True);

        lives.ForEach(static life => life.End());
        Assert.That(request.HasOpenRun, Is.False);
        for (var i = 0; i < Watched * 2; i++)
        {
            request.Add(Begin(registry, $"s{i}", 5), PublisherAttempt.At(1));
        }

        Assert.That(lives.Count(static life => life.Holders == 1), Is.Zero, "what has ended makes room");
        Assert.That(registry.Lives(), Has.Count.EqualTo(Watched));

        request.End(isBroken: true);
        Assert.That(registry.Lives().Select(static life => life.Holders), Is.All.Zero);
    }

    // What the log knew of it when the first one asked is older than what the second one says.
    [Test]
    public void Enter_SomebodyElseHasBegunItMeanwhile_KeepsWhatItSaid()
    {
        RunLife? other = null;
        RunRegistry? registry = null;
        var key = new RunKey("ada", "t", "r");
        registry = Create(10, wall: new Meanwhile(() =>
        {
            other ??= registry!.Enter(key, new LogRun("t", "r", isEmbedded: false, null));
            other.OnEvent(EventType.AgentStarted, new EventSubject("newer", Lease: TimeSpan.FromSeconds(5)), 1, _clock.Now);
        }));

        var life = registry.Enter(
            key,
            new LogRun("t", "r", isEmbedded: false, "older")
            {
                Events = 1,
                Lease = TimeSpan.FromMinutes(30),
                WaitingUntil = TestTimeProvider.Start.AddSeconds(1),
            });

        Assert.That(life, Is.SameAs(other));
        Assert.That((life.AgentName, life.Holders, registry.LeftOf(life)), Is.EqualTo(("newer", 2, TimeSpan.FromSeconds(5))));
    }

    [Test]
    public async Task Schedule_TwoAtOnce_TheEarlierTimeHolds()
    {
        var registry = Create(10);
        using var both = new Barrier(2);
        for (var i = 0; i < 3_000; i++)
        {
            var life = registry.Enter(new RunKey("ada", "t", $"r{i}"), new LogRun("t", $"r{i}", isEmbedded: false, null));
            var publisher = PublisherAttempt.At(1);
            registry.BeginRequest(life, publisher);
            life.OnToken(_clock.Now);
            var token = Task.Run(() =>
            {
                both.SignalAndWait();
                registry.Schedule(life);
            });
            both.SignalAndWait();
            registry.EndRequest(life, publisher, isBroken: true);
            await token;

            Assert.That(life.LookAt - _clock.Now, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(11).Ticks), "its request has broken off");
            life.End();
            registry.Leave(life);
        }
    }

    [Test]
    public void Enter_NobodyWatches_NobodyIsMissedAndNothingIsKept()
    {
        var registry = Create(2, areWatched: false);
        for (var i = 0; i < 10; i++)
        {
            registry.OnToken(
                registry.Enter(new RunKey("ada", "t", $"held{i}"), new LogRun("t", $"held{i}", isEmbedded: false, null)),
                _time.GetTimestamp());
        }

        Assert.That((registry.TakeUnwatched(), registry.Lives().Count), Is.EqualTo((0L, 2)));
        foreach (var life in registry.Lives())
        {
            registry.Leave(life);
        }

        registry.Adopt(new OpenRun("ada", "t", "abandoned", "demo", IsEmbedded: false));
        Assert.That(registry.Lives(), Is.Empty);
    }

    // Such runs used to count for ever: for their publisher, for their tenant, and for a user of the same name.
    [TestCase(false)]
    [TestCase(true)]
    public void Erase_OpenRuns_CountNoMore(bool isOpenedLate)
    {
        var limits = new PeerLimitOptions { MaxOpenRunsPerUser = 1, MaxOpenRunsPerTenant = 1, MaxOpenRunsPerPublisher = 1 };
        var registry = Create(10);
        var user = UserKey.Of("acme", "ada");
        var erased = registry.Enter(new RunKey(user, "t", "r1"), new LogRun("t", "r1", isEmbedded: false, null));
        if (isOpenedLate)
        {
            registry.Erase(user);
        }

        Assert.That(registry.TryOpen(erased, "backend", limits), Is.Null);
        registry.Erase(user);
        registry.Leave(erased);

        var next = registry.Enter(new RunKey(user, "t", "r2"), new LogRun("t", "r2", isEmbedded: false, null));
        Assert.That(registry.TryOpen(next, "backend", limits), Is.Null);
        var other = registry.Enter(new RunKey("bob", "t", "r3"), new LogRun("t", "r3", isEmbedded: false, null));
        Assert.That(registry.TryOpen(other, "backend", limits), Does.Contain("MaxOpenRunsPerPublisher"));
    }

    private RunRegistry Create(int maxWatched, bool areWatched = true, TimeProvider? wall = null)
        => new(
            _reported.Reporter,
            new RunLimits(
                areWatched,
                TimeSpan.FromMinutes(1),
                TimeSpan.FromMinutes(15),
                TimeSpan.FromSeconds(10),
                TimeSpan.FromMinutes(5),
                maxWatched),
            _clock,
            wall ?? _time);

    private static RunLife Begin(RunRegistry registry, string runId, int leaseSeconds)
    {
        var life = registry.Enter(
            new RunKey("ada", "t", runId),
            new LogRun("t", runId, isEmbedded: false, "demo") { Events = 1, Lease = TimeSpan.FromSeconds(leaseSeconds) });
        registry.Leave(life);
        return life;
    }

    private LogQuestion Question(string id, DateTimeOffset? until)
        => new(id, RequestKind.Approval, "?") { Until = until, AskedAt = _time.GetUtcNow() };

    private sealed class Meanwhile(Action happens) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            happens();
            return TestTimeProvider.Start;
        }
    }
}
