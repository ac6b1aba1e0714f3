using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Connections;

/// <summary>A page that was closed for what it did not confirm goes on where it stood.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InheritedProgressTests
{
    private const int Interval = 15;
    private const int Timeout = 10;
    private const int Window = 40;

    [Test]
    public void Tick_PageComesBack_IsStuckAfterTheWholeWindowAndNotBeforeItCouldAnswer()
    {
        var time = new TestTimeProvider();
        var closed = new Page(time) { Written = 5 };
        closed.Run(35);
        var back = new Page(time) { Acknowledged = 3, Written = 5, UnconfirmedSince = closed.Liveness.UnconfirmedSince };

        var actions = back.Run(Window);

        Assert.That(
            actions[1].HasFlag(LivenessAction.ApplicationPing), Is.True, "more than half of the window is gone: it is asked at once");
        Assert.That(
            actions.Single(static a => a.Value.HasFlag(LivenessAction.BecameStuck)).Key,
            Is.EqualTo(Timeout),
            "the window is over since five seconds, but so long it gets to answer");
        Assert.That(back.Liveness.UnconfirmedSince, Is.Zero, "the alarm was raised");
    }

    [Test]
    public void Tick_PageComesBackAndConfirms_HasAWindowOfItsOwn()
    {
        var time = new TestTimeProvider();
        var closed = new Page(time) { Written = 5 };
        closed.Run(35);
        var back = new Page(time) { Written = 5, UnconfirmedSince = closed.Liveness.UnconfirmedSince };
        back.Run(3);
        (back.Acknowledged, back.UnconfirmedSince) = (1, 0);

        Assert.That(back.Run(Window - 1).Values, Has.None.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.BecameStuck)));
        Assert.That(back.Run(2).Values, Has.Some.Matches<LivenessAction>(static a => a.HasFlag(LivenessAction.BecameStuck)));
    }

    [Test]
    public void Tick_PageComesBackAndFreezes_HasAWindowOfItsOwnWhenItWakes()
    {
        var time = new TestTimeProvider();
        var closed = new Page(time) { Written = 5 };
        closed.Run(15);
        var back = new Page(time) { Written = 5, UnconfirmedSince = closed.Liveness.UnconfirmedSince, Answers = false };
        back.Run(30);
        Assert.That(back.Liveness.IsFrozen, Is.True);
        back.Liveness.OnPong();
        back.Answers = true;

        var actions = back.Run(Window + 2);

        Assert.That(
            actions.Single(static a => a.Value.HasFlag(LivenessAction.BecameStuck)).Key,
            Is.GreaterThanOrEqualTo(30 + Window),
            "nobody knows what a frozen page would have done");
    }

    /// <summary>A page whose browser always answers, and which itself answers within the second, if it does at all.</summary>
    private sealed class Page(TestTimeProvider time)
    {
        private int _second;

        public ConnectionLiveness Liveness { get; } = new(
            new ConnectionOptions
            {
                PingInterval = TimeSpan.FromSeconds(Interval),
                PingTimeout = TimeSpan.FromSeconds(Timeout),
                SilentFailureWindow = TimeSpan.FromSeconds(Window),
            },
            ConnectionTick.Period,
            new ServedTime(time));

        public bool Answers { get; set; } = true;

        public long Written { get; init; }

        public long Acknowledged { get; set; }

        public long UnconfirmedSince { get; set; }

        public SortedDictionary<int, LivenessAction> Run(int seconds)
        {
            var actions = new SortedDictionary<int, LivenessAction>();
            for (var i = 0; i < seconds; i++)
            {
                time.Advance(ConnectionTick.Period);
                actions.Add(++_second, Liveness.OnTick(Written, Acknowledged, UnconfirmedSince));
                if (actions[_second].HasFlag(LivenessAction.ProtocolPing))
                {
                    Liveness.OnInbound();
                }

                if (Answers && actions[_second].HasFlag(LivenessAction.ApplicationPing))
                {
                    // A little later, since an answer at the very moment of the question is none.
                    time.Advance(TimeSpan.FromMilliseconds(1));
                    Liveness.OnInbound();
                    Liveness.OnPong();
                }
            }

            return actions;
        }
    }
}
