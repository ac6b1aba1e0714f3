using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Connections;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ConnectionLivenessTests
{
    private const int Interval = 15;
    private const int Timeout = 10;
    private const int Frozen = 60;
    private const int Stall = 30;
    private const int Window = 40;
    private const LivenessAction Pings = LivenessAction.ProtocolPing | LivenessAction.ApplicationPing;

    [Test]
    public void Tick_BytesAndPongsCome_AsksForNothingButPings()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true };

        var actions = peer.Run(300);

        Assert.That(actions.Values, Is.All.EqualTo(Pings));
        Assert.That(actions.Keys, Is.EqualTo(Enumerable.Range(1, 20).Select(static i => i * Interval)), "one in each interval");
    }

    [Test]
    public void Tick_NoByte_PingsAfterTheIntervalAndIsDeadWithinIntervalAndTimeout()
    {
        using var peer = new Peer();

        var actions = peer.Run(Interval + Timeout);

        Assert.That(actions[Interval], Is.EqualTo(Pings));
        Assert.That(actions[Interval + Timeout], Is.EqualTo(LivenessAction.Dead));
        Assert.That(actions, Has.Count.EqualTo(2));
    }

    [Test]
    public void Tick_LastByteLate_MeasuresFromIt()
    {
        using var peer = new Peer();
        peer.Run(20);
        peer.Liveness.OnInbound();

        var actions = peer.Run(Interval + Timeout);

        Assert.That(actions.Single(static a => a.Value.HasFlag(LivenessAction.Dead)).Key, Is.EqualTo(20 + Interval + Timeout));
    }

    [Test]
    public void Tick_OnlyTheBrowserAnswers_IsFrozenAndLaterUnresponsive()
    {
        using var peer = new Peer { AnswersProtocol = true };

        var actions = peer.Run(Interval + Frozen);

        Assert.That(actions.Single(static a => a.Value.HasFlag(LivenessAction.BecameFrozen)).Key, Is.EqualTo(Interval + Timeout));
        Assert.That(actions.Single(static a => a.Value.HasFlag(LivenessAction.Unresponsive)).Key, Is.EqualTo(Interval + Frozen));
        Assert.That(actions.Values.Any(static a => a.HasFlag(LivenessAction.Dead)), Is.False);
        Assert.That(
            actions.Count(static a => a.Value.HasFlag(LivenessAction.ApplicationPing)),
            Is.GreaterThan(2),
            "it is asked on, or it could not wake up");
        Assert.That(peer.Liveness.IsFrozen, Is.True);
    }

    [Test]
    public void Tick_FrozenPageAnswers_Recovers()
    {
        using var peer = new Peer { AnswersProtocol = true };
        peer.Run(Interval + Timeout);
        Assert.That(peer.Liveness.IsFrozen, Is.True);

        peer.Pong();
        Assert.That(peer.Liveness.IsFrozen, Is.False, "from the answer on, not from the next tick");
        peer.AnswersPage = true;
        var actions = peer.Run(60);

        Assert.That(actions[Interval + Timeout + 1], Is.EqualTo(LivenessAction.Recovered));
        Assert.That(
            actions.Values,
            Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.BecameFrozen) || a.HasFlag(LivenessAction.Unresponsive)));
    }

    [Test]
    public void Tick_PageAnswersButAcknowledgesNothing_IsStuckOncePerEpisode()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true, Written = 5 };

        var actions = peer.Run(200);

        Assert.That(
            actions.Single(static a => a.Value.HasFlag(LivenessAction.BecameStuck)).Key,
            Is.EqualTo(1 + Window),
            "the first tick that could have seen it, and the window");
        Assert.That(peer.Liveness.IsStuck, Is.True);

        peer.Acknowledged = 2;
        Assert.That(peer.Run(1).Values.Single().HasFlag(LivenessAction.Recovered), Is.True);
        Assert.That(peer.Liveness.IsStuck, Is.False);

        Assert.That(
            peer.Run(Window).Count(static a => a.Value.HasFlag(LivenessAction.BecameStuck)), Is.EqualTo(1), "an episode of its own");
        peer.Acknowledged = 5;
        Assert.That(peer.Run(1).Values.Single().HasFlag(LivenessAction.Recovered), Is.True);
        Assert.That(peer.Run(200).Values, Is.All.EqualTo(Pings));
    }

    [Test]
    public void Tick_SlowButSteadyProgress_IsNeverStuck()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true, Written = 1000 };
        for (var i = 0; i < 20; i++)
        {
            peer.Acknowledged++;
            Assert.That(peer.Run(Window - 5).Values, Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.BecameStuck)));
        }
    }

    [Test]
    public void Tick_StuckPageFreezesAndWakes_IsStillStuckUntilItAcknowledges()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true, Written = 5 };
        peer.Run(1 + Window);
        peer.AnswersPage = false;
        peer.Run(Interval + Timeout);
        Assert.That(peer.Liveness.IsFrozen, Is.True);

        peer.Pong();
        peer.AnswersPage = true;
        var actions = peer.Run(Window * 2);

        Assert.That(peer.Liveness.IsStuck, Is.True);
        Assert.That(
            actions.Values, Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.BecameStuck)), "the alarm was raised");
        peer.Acknowledged = 5;
        peer.Run(1);
        Assert.That(peer.Liveness.IsStuck, Is.False);
    }

    [Test]
    public void Tick_HalfTheWindowWithoutProgress_AsksThePageWhateverTheInterval()
    {
        using var peer = new Peer(pingInterval: 600) { AnswersProtocol = true, AnswersPage = true, Written = 5 };

        var actions = peer.Run(Window + 1);

        Assert.That(actions.Keys.First(), Is.EqualTo((Window / 2) + 1));
        Assert.That(actions[(Window / 2) + 1], Is.EqualTo(LivenessAction.ApplicationPing));
        Assert.That(peer.Liveness.IsStuck, Is.True, "it answered, so it is not frozen");
    }

    [Test]
    public void Tick_FlushPendingForTheStallTimeout_IsStalled()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true };
        peer.Liveness.OnFlushPending();
        Assert.That(peer.Run(Stall - 1).Values, Is.All.EqualTo(Pings));
        peer.Liveness.OnFlushed();
        peer.Run(5);
        peer.Liveness.OnFlushPending();

        var actions = peer.Run(Stall);

        Assert.That(actions.Single(static a => a.Value == LivenessAction.Stalled).Key, Is.EqualTo(Stall - 1 + 5 + Stall));
    }

    [TestCase(20)]
    [TestCase(300)]
    [TestCase(86_400)]
    public void Tick_TheProcessStoodStill_AsksAndJudgesNobodyBeforeTheWholeTimeout(int seconds)
    {
        using var peer = new Peer();
        peer.Liveness.OnFlushPending();
        peer.Run(Interval + Timeout - 1);

        Assert.That(peer.StandStill(seconds), Is.EqualTo(Pings), "a second before it was dead");

        var actions = peer.Run(Interval + Timeout);
        Assert.That(
            actions.Single(static a => a.Value.HasFlag(LivenessAction.Dead)).Key, Is.EqualTo(Interval + Timeout - 1 + Interval + Timeout));
        Assert.That(
            actions.Values,
            Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.Stalled) || a.HasFlag(LivenessAction.Unresponsive)));
    }

    [Test]
    public void Tick_TheProcessStoodStillAndThePageAnswers_IsAsItWas()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true };
        peer.Run(Interval + 5);
        Assert.That(peer.StandStill(300), Is.EqualTo(Pings));
        peer.Pong();

        Assert.That(peer.Run(200).Values, Is.All.EqualTo(Pings));
    }

    [Test]
    public void Tick_TheProcessStoodStillWhileThePageWasFrozen_KeepsItForTheWholeTimeAgain()
    {
        using var peer = new Peer { AnswersProtocol = true };
        peer.Run(Interval + Frozen - 1);
        Assert.That(peer.Liveness.IsFrozen, Is.True);

        peer.StandStill(300);
        peer.Liveness.OnInbound();
        Assert.That(peer.Liveness.IsFrozen, Is.True);
        var actions = peer.Run(Frozen);

        Assert.That(
            actions.Single(static a => a.Value.HasFlag(LivenessAction.Unresponsive)).Key, Is.EqualTo(Interval + Frozen - 1 + Frozen));
    }

    [Test]
    public void Tick_TheProcessStoodStillWithoutAnAcknowledgement_IsStuckAfterTheWholeWindow()
    {
        using var peer = new Peer { AnswersProtocol = true, AnswersPage = true, Written = 5 };
        peer.Run(Window - 1);

        peer.StandStill(300);
        peer.Pong();
        var actions = peer.Run(Window);

        Assert.That(actions.Single(static a => a.Value.HasFlag(LivenessAction.BecameStuck)).Key, Is.EqualTo(Window - 1 + Window));
    }

    [Test]
    public void Tick_TheProcessStuttersAllTheTime_JudgesAllTheSame()
    {
        using var peer = new Peer();
        var dead = false;
        for (var i = 0; i < 3 * (Interval + Timeout) && !dead; i++)
        {
            peer.StandStill(5);
            dead = peer.Run(2).Values.Any(static a => a.HasFlag(LivenessAction.Dead));
        }

        Assert.That(dead, Is.True);
    }

    [Test]
    public void Tick_OnlyTheTickIsLate_AsksBeforeItJudges()
    {
        using var peer = new Peer();
        peer.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(peer.Liveness.OnTick(0, 0, 0), Is.EqualTo(Pings), "it was not asked yet");

        var actions = peer.Run(Timeout);

        Assert.That(actions.Single(static a => a.Value.HasFlag(LivenessAction.Dead)).Key, Is.EqualTo(Timeout));
    }

    [Test]
    public void Tick_TheTickIsAlwaysLate_JudgesAllTheSame()
    {
        using var peer = new Peer();
        var dead = false;
        for (var i = 0; i < 20; i++)
        {
            peer.Time.Advance(TimeSpan.FromSeconds(5));
            dead |= peer.Liveness.OnTick(0, 0, 0) == LivenessAction.Dead;
        }

        Assert.That(dead, Is.True);
    }

    [Test]
    public void Tick_OneWayTransport_IsNeverDeadButStallsFreezesAndIsPingedOn()
    {
        using var peer = new Peer(isOneWay: true) { AnswersPage = true };
        Assert.That(peer.Run(Interval + Timeout).Values, Is.All.EqualTo(Pings), "nothing was flushed, but nothing waits either");
        peer.Liveness.OnFlushPending();

        var actions = peer.Run(Stall);

        Assert.That(actions.Single(static a => a.Value == LivenessAction.Stalled).Key, Is.EqualTo(Interval + Timeout + Stall));
        Assert.That(actions.Values, Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.Dead)));
    }

    /// <summary>A peer that answers what it answers within the second in which it is asked.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly bool _isOneWay;
        private ServedTime? _served;
        private int _second;

        public Peer(int pingInterval = Interval, bool isOneWay = false) => (_isOneWay, Liveness) = (isOneWay, new ConnectionLiveness(
            new ConnectionOptions
            {
                PingInterval = TimeSpan.FromSeconds(pingInterval),
                PingTimeout = TimeSpan.FromSeconds(Timeout),
                FrozenTimeout = TimeSpan.FromSeconds(Frozen),
                StallTimeout = TimeSpan.FromSeconds(Stall),
                SilentFailureWindow = TimeSpan.FromSeconds(Window),
            },
            ConnectionTick.Period,
            Served,
            isOneWay));

        public TestTimeProvider Time { get; } = new();

        public ServedTime Served => _served ??= Started();

        public ConnectionLiveness Liveness { get; }

        public bool AnswersProtocol { get; init; }

        public bool AnswersPage { get; set; }

        public long Written { get; set; }

        public long Acknowledged { get; set; }

        public long UnconfirmedSince { get; set; }

        /// <summary>The process is stopped; a tick comes as soon as it goes on.</summary>
        public LivenessAction StandStill(int seconds)
        {
            Time.StandStill(TimeSpan.FromSeconds(seconds));
            var action = Liveness.OnTick(Written, Acknowledged, UnconfirmedSince);
            Time.Advance(TimeSpan.Zero);
            return action;
        }

        public void Dispose() => _served?.Dispose();

        public void Pong()
        {
            if (!_isOneWay)
            {
                Liveness.OnInbound();
            }

            Liveness.OnPong();
        }

        /// <summary>Ticks once a second.</summary>
        /// <returns>What was asked for, by the second since the beginning.</returns>
        public SortedDictionary<int, LivenessAction> Run(int seconds)
        {
            var actions = new SortedDictionary<int, LivenessAction>();
            for (var i = 0; i < seconds; i++)
            {
                Time.Advance(ConnectionTick.Period);
                _second++;
                var action = Liveness.OnTick(Written, Acknowledged, UnconfirmedSince);
                if (action != LivenessAction.None)
                {
                    actions.Add(_second, action);
                }

                Time.Advance(TimeSpan.Zero);
                if (action.HasFlag(LivenessAction.ProtocolPing) && AnswersProtocol)
                {
                    Liveness.OnInbound();
                }

                if (action.HasFlag(LivenessAction.ApplicationPing) && AnswersPage)
                {
                    Pong();
                }
            }

            return actions;
        }

        private ServedTime Started()
        {
            var served = new ServedTime(Time);
            served.Start();
            return served;
        }
    }
}
