using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Tests.Runs;

/// <summary>Spec M1, M3: the order of a run's events, its tools, and its lease, in times that are given.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RunLifeTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Lease = 60 * Second;
    private const long MaxSilence = 900 * Second;

    private static readonly EventSubject Agent = new("demo");

    [Test]
    public void OnEvent_RunAsItShouldBe_HasNoViolation()
    {
        var flow = new RunLife(new RunKey("ada", "t", "r"));

        Assert.That(
            new[]
            {
                flow.OnEvent(EventType.AgentStarted, Agent, 1),
                flow.OnEvent(EventType.AgentThinking, default, 2),
                flow.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), 3),
                flow.OnEvent(EventType.ToolExecuting, new EventSubject("search"), 3),
                flow.OnEvent(EventType.ToolExecuting, new EventSubject("search"), 3),
                flow.OnEvent(EventType.ToolCompleted, new EventSubject("search"), 4),
                flow.OnEvent(EventType.ToolCompleted, new EventSubject("search", "c1"), 4),
                flow.OnEvent(EventType.ToolCompleted, new EventSubject("search"), 4),
                flow.OnEvent(EventType.AgentCompleted, Agent, 5),
            },
            Is.All.EqualTo(FlowViolation.None));
        Assert.That((flow.HasBegun, flow.HasEnded, flow.AgentName), Is.EqualTo((true, true, "demo")));
    }

    [TestCase(EventType.AgentThinking)]
    [TestCase(EventType.ToolExecuting)]
    [TestCase(EventType.ToolCompleted)]
    [TestCase(EventType.AgentCompleted)]
    [TestCase(EventType.AgentFailed)]
    [TestCase(EventType.AgentCancelled)]
    public void OnEvent_BeforeStarted_IsAViolationOnce(EventType type)
    {
        var flow = new RunLife(new RunKey("ada", "t", "r"));

        Assert.That(flow.OnEvent(type, new EventSubject("x", "c1"), 1), Is.EqualTo(FlowViolation.NotStarted));
        Assert.That(flow.OnEvent(EventType.AgentThinking, default, 2), Is.EqualTo(FlowViolation.None));
    }

    [TestCase(EventType.AgentStarted, FlowViolation.StartedTwice)]
    [TestCase(EventType.ToolExecuting, FlowViolation.CallIdInUse)]
    [TestCase(EventType.AgentCompleted, FlowViolation.ToolNotCompleted)]
    [TestCase(EventType.AgentFailed, FlowViolation.None)]
    [TestCase(EventType.AgentCancelled, FlowViolation.None)]
    public void OnEvent_WhileAToolRuns_IsJudged(EventType type, FlowViolation expected)
    {
        var flow = Started();
        flow.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), 1);

        Assert.That(flow.OnEvent(type, new EventSubject("search", "c1"), 2), Is.EqualTo(expected));
    }

    [TestCase("c2")]
    [TestCase(null)]
    public void OnEvent_ToolCompletedThatWasNotCalled_IsAViolation(string? callId)
    {
        var flow = Started();
        flow.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), 1);

        Assert.That(flow.OnEvent(EventType.ToolCompleted, new EventSubject("search", callId), 2), Is.EqualTo(FlowViolation.ToolNotExecuting));
    }

    [Test]
    public void Adopt_RunOfTheLastProcess_IsNotJudgedByWhatNobodyHeard()
    {
        var flow = new RunLife(new RunKey("ada", "t", "r"));
        flow.Adopt("demo", 1);

        Assert.That(flow.OnEvent(EventType.ToolCompleted, new EventSubject("search", "c1"), 2), Is.EqualTo(FlowViolation.None));
        Assert.That(flow.OnEvent(EventType.AgentCompleted, Agent, 3), Is.EqualTo(FlowViolation.None));
    }

    [Test]
    public void OnTick_WithoutALeaseOfItsOwn_StallsAfterTheUsualOneAndEndsAfterTheLongestSilence()
    {
        var flow = Started();

        Assert.That(Tick(flow, Lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, Lease), Is.EqualTo(RunVerdict.Stall));
        flow.OnStalled();
        Assert.That(Tick(flow, Lease + 1), Is.EqualTo(RunVerdict.None), "once per silence");
        Assert.That(Tick(flow, MaxSilence - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, MaxSilence), Is.EqualTo(RunVerdict.End));
    }

    [Test]
    public void OnTick_WithALeaseOfItsOwn_EndsAfterOneMore()
    {
        var flow = new RunLife(new RunKey("ada", "t", "r"));
        flow.OnEvent(EventType.AgentStarted, new EventSubject("demo", Lease: TimeSpan.FromSeconds(5)), 0);

        Assert.That(Tick(flow, (5 * Second) - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, 5 * Second), Is.EqualTo(RunVerdict.Stall));
        flow.OnStalled();
        Assert.That(Tick(flow, (10 * Second) - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, 10 * Second), Is.EqualTo(RunVerdict.End));
    }

    [Test]
    public void OnTick_SpokeAgain_BeginsAnew()
    {
        var flow = Started();
        Assert.That(Tick(flow, Lease), Is.EqualTo(RunVerdict.Stall));
        flow.OnStalled();

        flow.Touch(Lease + Second);

        Assert.That(Tick(flow, Lease + (2 * Second)), Is.EqualTo(RunVerdict.None));
        Assert.That(flow.IsStalled, Is.False);
        Assert.That(Tick(flow, (2 * Lease) + Second), Is.EqualTo(RunVerdict.Stall), "a second silence is said too");
    }

    [Test]
    public void OnTick_OwnWordOfTheServer_RenewsNothing()
    {
        var flow = Started();
        flow.OnEvent(EventType.AgentStalled, Agent, Lease);
        flow.OnStalled();

        Assert.That(Tick(flow, MaxSilence), Is.EqualTo(RunVerdict.End));
    }

    [Test]
    public void OnTick_Waiting_IsQuietOnlyAfterIt()
    {
        var flow = Started();
        flow.Renew(Second, until: 1000 * Second);

        Assert.That(Tick(flow, 999 * Second), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, (1000 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, (1000 * Second) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void OnTick_EventEndsWaiting()
    {
        var flow = Started();
        flow.Renew(Second, until: 1000 * Second);
        flow.Touch(2 * Second);

        Assert.That(Tick(flow, (2 * Second) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void OnTick_RequestIsOpen_RenewsTheLeaseButNotForEver()
    {
        var flow = Started();
        Interlocked.Increment(ref flow.Renewers);
        Assert.That(Tick(flow, MaxSilence - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, MaxSilence), Is.EqualTo(RunVerdict.Stall), "whoever holds a request open for so long and says nothing is not there");
    }

    [Test]
    public void OnTick_RequestBrokeOff_HasAShortLease()
    {
        var flow = Started();
        flow.Shorten(Second, 10 * Second);

        Assert.That(Tick(flow, (11 * Second) - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Tick(flow, 11 * Second), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void OnTick_NotBegunOrEnded_CallsForNothing()
    {
        Assert.That(Tick(new RunLife(new RunKey("ada", "t", "r")), MaxSilence), Is.EqualTo(RunVerdict.None));
        var ended = Started();
        ended.OnEvent(EventType.AgentFailed, Agent, 1);
        Assert.That(Tick(ended, MaxSilence), Is.EqualTo(RunVerdict.None));
    }

    [Test]
    public void FindStuck_ToolRunsTooLong_IsFoundAndNewOnce()
    {
        var flow = Started();
        flow.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), Second);

        Assert.That(flow.FindStuck(11 * Second, after: (10 * Second) + 1), Is.Empty);
        Assert.That(flow.FindStuck(11 * Second, after: 10 * Second).Select(static found => (found.Tool.Name, found.IsNew)), Is.EqualTo(new[] { ("search", true) }));
        Assert.That(flow.FindStuck(12 * Second, after: 10 * Second).Select(static found => found.IsNew), Is.EqualTo(new[] { false }));

        flow.OnEvent(EventType.ToolCompleted, new EventSubject("search", "c1"), 13 * Second);
        Assert.That(flow.FindStuck(14 * Second, after: 10 * Second), Is.Empty);
    }

    private static RunLife Started()
    {
        var flow = new RunLife(new RunKey("ada", "t", "r"));
        flow.OnEvent(EventType.AgentStarted, Agent, 0);
        return flow;
    }

    private static RunVerdict Tick(RunLife flow, long now) => flow.OnTick(now, Lease, MaxSilence);
}
