using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Tests.Runs;

/// <summary>Spec M1, M3, M9: a run's lease, its waits, who feeds it, and what its silence calls for, in times that are given.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RunLifeTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Lease = 60 * Second;
    private const long MaxSilence = 900 * Second;
    private const long Broken = 10 * Second;

    private static readonly PublisherAttempt Publisher = PublisherAttempt.At(1);

    private static readonly RunLimits Limits = new(
        AreWatched: true,
        TimeSpan.FromTicks(Lease),
        TimeSpan.FromTicks(MaxSilence),
        TimeSpan.FromTicks(Broken),
        StuckToolAfter: TimeSpan.FromSeconds(10),
        MaxWatched: 100);

    [Test]
    public void Judge_WithoutALeaseOfItsOwn_StallsAfterTheUsualOneAndEndsAfterTheLongestSilence()
    {
        var life = Started();

        Assert.That(Judge(life, Lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, Lease), Is.EqualTo(RunVerdict.Stall));
        life.OnStalled(life.HeardAt);
        Assert.That(Judge(life, Lease + 1), Is.EqualTo(RunVerdict.None), "once per silence");
        Assert.That(Judge(life, MaxSilence - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, MaxSilence), Is.EqualTo(RunVerdict.End));
    }

    [TestCase(5)]
    [TestCase(3600)]
    public void Judge_WithALeaseOfItsOwn_EndsAfterOneMore(int seconds)
    {
        var (life, lease) = (Started(seconds), seconds * Second);

        Assert.That(Judge(life, lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, lease), Is.EqualTo(RunVerdict.Stall));
        life.OnStalled(life.HeardAt);
        Assert.That(Judge(life, (2 * lease) - 1), Is.EqualTo(RunVerdict.None), "a long lease was ended right after the stall");
        Assert.That(Judge(life, 2 * lease), Is.EqualTo(RunVerdict.End));
    }

    [Test]
    public void Judge_SpokeAgain_BeginsAnew()
    {
        var life = Started();
        life.OnStalled(life.HeardAt);
        Assert.That(life.IsStalled, Is.True);

        life.OnToken(Lease + Second);

        Assert.That(life.IsStalled, Is.False);
        Assert.That(Judge(life, Lease + (2 * Second)), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, (2 * Lease) + Second), Is.EqualTo(RunVerdict.Stall), "a second silence is said too");
    }

    [Test]
    public void Judge_OwnWordOfTheServer_RenewsNothing()
    {
        var life = Started();
        life.OnOwnEvent(EventType.AgentStalled);
        Assert.That(Judge(life, Lease), Is.EqualTo(RunVerdict.Stall));

        life.OnOwnEvent(EventType.AgentFailed);
        Assert.That((Judge(life, MaxSilence), life.HasEnded), Is.EqualTo((RunVerdict.None, true)));
    }

    [Test]
    public void Judge_Waiting_BeginsTheSilenceWhenItIsOver()
    {
        var life = Started();
        life.Wait(Second, 1000 * Second);

        Assert.That(Judge(life, 999 * Second), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, (1000 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, (1000 * Second) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Judge_HeartbeatWhileItWaits_EndsNoWait()
    {
        var life = Started();
        life.Wait(Second, 1000 * Second);
        life.Hear(2 * Second);

        Assert.That(Judge(life, (1000 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None), "one heartbeat ended a wait");
        life.Hear(1030 * Second);
        Assert.That(Judge(life, (1030 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None), "the later of the two deadlines");
        Assert.That(Judge(life, (1030 * Second) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Judge_SeveralWaits_TheLatestEndHolds()
    {
        var life = Started();
        life.Wait(Second, 1000 * Second);
        life.Wait(2 * Second, 500 * Second);

        Assert.That(Judge(life, (1000 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None));
    }

    [Test]
    public void Judge_EventEndsWaiting()
    {
        var life = Started();
        life.Wait(Second, 1000 * Second);
        life.OnToken(2 * Second);

        Assert.That(Judge(life, (2 * Second) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Judge_RequestIsOpen_RenewsTheLeaseAndEndsNothing()
    {
        var life = Started(5);
        life.BeginRequest(Publisher, 0);
        Assert.That(Judge(life, MaxSilence - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, MaxSilence), Is.EqualTo(RunVerdict.Stall), "that nothing at all comes for so long is worth a word");
        life.OnStalled(life.HeardAt);
        Assert.That(Judge(life, 100 * MaxSilence), Is.EqualTo(RunVerdict.None), "whoever feeds it is connected: it is never ended");

        life.EndRequest(Publisher, 100 * MaxSilence, isBroken: false);
        Assert.That(
            Judge(life, (100 * MaxSilence) + (5 * Second) - 1),
            Is.EqualTo(RunVerdict.None),
            "it has its lease when the request is finished");
    }

    [Test]
    public void Judge_RequestBrokeOff_IsStalledEarlyAndEndedNoSooner()
    {
        var life = Started();
        life.BeginRequest(Publisher, 0);
        life.EndRequest(Publisher, Second, isBroken: true);

        Assert.That(Judge(life, Second + Broken - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, Second + Broken), Is.EqualTo(RunVerdict.Stall));
        life.OnStalled(life.HeardAt);
        Assert.That(Judge(life, Second + MaxSilence - 1), Is.EqualTo(RunVerdict.None), "it was ended 20 s after the break");
        Assert.That(Judge(life, Second + MaxSilence), Is.EqualTo(RunVerdict.End));
    }

    [Test]
    public void Judge_RequestBrokeOffAndALeaseWasDeclared_EndsAsDeclared()
    {
        var life = Started(3600);
        life.BeginRequest(Publisher, 0);
        life.EndRequest(Publisher, 0, isBroken: true);
        Assert.That(Judge(life, Broken), Is.EqualTo(RunVerdict.Stall));
        life.OnStalled(life.HeardAt);

        Assert.That(Judge(life, (7200 * Second) - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, 7200 * Second), Is.EqualTo(RunVerdict.End));
    }

    [TestCase("heartbeat")]
    [TestCase("token")]
    [TestCase("event")]
    [TestCase("waiting")]
    [TestCase("request")]
    public void Judge_SignOfLifeAfterTheBreak_RestoresTheDeclaredLease(string sign)
    {
        var life = Started();
        life.BeginRequest(Publisher, 0);
        life.EndRequest(Publisher, 0, isBroken: true);
        Give(life, sign, 5 * Second);

        Assert.That(Judge(life, (5 * Second) + Lease - 1), Is.EqualTo(RunVerdict.None));
    }

    [Test]
    public void Judge_SecondRequestPublishes_IsNotAffectedByTheBreakOfTheFirst()
    {
        var life = Started(5);
        life.BeginRequest(Publisher, 0);
        life.BeginRequest(Publisher, 0);
        life.EndRequest(Publisher, Second, isBroken: true);
        Assert.That(Judge(life, MaxSilence - 1), Is.EqualTo(RunVerdict.None));
    }

    [Test]
    public void Judge_BrokenWhileItWaits_IsNotStalledBeforeTheWaitIsOver()
    {
        var life = Started();
        life.BeginRequest(Publisher, 0);
        life.Wait(0, 1000 * Second);
        life.EndRequest(Publisher, Second, isBroken: true);

        Assert.That(Judge(life, (1000 * Second) + Broken - 1), Is.EqualTo(RunVerdict.None), "whoever announced silence is not stalled");
    }

    [Test]
    public void Judge_DelegatesToAnother_IsNotQuietMeanwhile()
    {
        var life = Started();
        life.BeginDelegation(Publisher, Second);
        Assert.That(Judge(life, 10 * MaxSilence), Is.EqualTo(RunVerdict.None));
        life.EndDelegation(Publisher, 10 * MaxSilence);
        Assert.That(Judge(life, (10 * MaxSilence) + Lease - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, (10 * MaxSilence) + Lease), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Adopt_LeaseAndWait_HoldAsDeclared()
    {
        var life = new RunLife(new RunKey("ada", "t", "r"));
        life.Adopt("demo", 5 * Second, waiting: 100 * Second, attempt: 1, now: 7 * Second);

        Assert.That((life.AgentName, life.HasBegun), Is.EqualTo(("demo", true)));
        Assert.That(Judge(life, (112 * Second) - 1), Is.EqualTo(RunVerdict.None));
        Assert.That(Judge(life, 112 * Second), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Judge_NotBegunOrEnded_CallsForNothing()
    {
        Assert.That(Judge(new RunLife(new RunKey("ada", "t", "r")), MaxSilence), Is.EqualTo(RunVerdict.None));
        var ended = Started();
        ended.OnEvent(EventType.AgentFailed, new EventSubject("demo"), 1, 1);
        Assert.That((Judge(ended, MaxSilence), ended.NextLook(1, Limits)), Is.EqualTo((RunVerdict.None, RunLife.Never)));
    }

    [Test]
    public void Attempt_TheNextBegins_NothingOfTheEarlierOneIsLeft()
    {
        var life = Started(5);
        life.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), 1, Second);
        life.OnStalled(life.HeardAt);
        life.Wait(2 * Second, 1000 * Second);
        life.OnStalled(life.HeardAt);

        var again = new EventSubject("demo", Lease: TimeSpan.FromSeconds(20), Attempt: 2);
        Assert.That(life.OnEvent(EventType.AgentStarted, again, 2, 3 * Second), Is.EqualTo(FlowViolation.None));

        Assert.That((life.Attempt, life.IsStalled, life.IsWaitingAt(4 * Second)), Is.EqualTo((2, false, false)));
        Assert.That(life.FindStuck(500 * Second, Limits), Is.Empty);
        Assert.That((Judge(life, (23 * Second) - 1), Judge(life, 23 * Second)), Is.EqualTo((RunVerdict.None, RunVerdict.Stall)));
    }

    [Test]
    public void Attempt_ItsPublisherIsSuperseded_HoldsUpNothingAndIsNoSignOfLife()
    {
        var (old, current) = (PublisherAttempt.At(1), PublisherAttempt.At(1));
        var life = Started(5);
        life.BeginRequest(old, Second);
        life.BeginDelegation(old, Second);
        life.BeginRequest(current, Second);
        Assert.That(Judge(life, 10 * Second), Is.EqualTo(RunVerdict.None));
        life.OnEvent(EventType.AgentStarted, new EventSubject("demo", Lease: TimeSpan.FromSeconds(5), Attempt: 2), 2, 10 * Second);
        Assert.That(Judge(life, 15 * Second), Is.EqualTo(RunVerdict.Stall), "nobody of this attempt is there");
        current.Begin(2);
        Assert.That(Judge(life, 15 * Second), Is.EqualTo(RunVerdict.None), "its publisher is");

        life.Hear(12 * Second, attempt: 1);
        Assert.That(life.OnEvent(EventType.ToolExecuting, new EventSubject("search"), 1, 12 * Second), Is.EqualTo(FlowViolation.None));
        life.EndDelegation(old, 13 * Second);
        life.EndRequest(old, 13 * Second, isBroken: true);
        Assert.That((life.HeardAt, life.FindStuck(500 * Second, Limits).Count), Is.EqualTo((10 * Second, 0)));
        life.EndRequest(current, 14 * Second, isBroken: false);

        Assert.That((Judge(life, (19 * Second) - 1), Judge(life, 19 * Second)), Is.EqualTo((RunVerdict.None, RunVerdict.Stall)));
    }

    [Test]
    public void FindStuck_ToolRunsTooLong_IsFound()
    {
        var life = Started();
        life.OnEvent(EventType.ToolExecuting, new EventSubject("search", "c1"), 1, Second);

        Assert.That(life.FindStuck((11 * Second) - 1, Limits), Is.Empty);
        Assert.That(
            life.FindStuck(11 * Second, Limits).Select(static found => (found.Tool.Name, found.Running)),
            Is.EqualTo(new[] { ("search", TimeSpan.FromSeconds(10)) }));
        Assert.That(life.NextLook(2 * Second, Limits), Is.EqualTo(11 * Second));

        life.OnEvent(EventType.ToolCompleted, new EventSubject("search", "c1"), 1, 13 * Second);
        Assert.That(life.FindStuck(14 * Second, Limits), Is.Empty);
    }

    [Test]
    public void FindStuck_RunWaits_ItsToolsClockStandsStill()
    {
        var life = Started();
        life.OnEvent(EventType.ToolExecuting, new EventSubject("ask_human", "c1"), 1, 0);
        life.Wait(4 * Second, 1000 * Second);
        Assert.That(life.FindStuck(900 * Second, Limits), Is.Empty, "waiting is not stuck");
        Assert.That(life.NextLook(900 * Second, Limits), Is.EqualTo(1006 * Second));

        life.OnToken(500 * Second);

        Assert.That(life.FindStuck((506 * Second) - 1, Limits), Is.Empty, "4 s before the wait, and not yet 6 s after it");
        Assert.That(life.FindStuck(506 * Second, Limits), Has.Count.EqualTo(1));
    }

    /// <summary>
    /// Whatever happens in whatever order: no verdict before the later one of the deadlines that were promised, and any sign of life
    /// restores the declared lease.
    /// </summary>
    [FsCheck.NUnit.Property(MaxTest = 500)]
    public bool Judge_AnyLife_NoVerdictBeforeTheLaterDeadline((byte Act, byte Pause)[] steps, byte ownLease)
    {
        var lease = ownLease % 2 == 0 ? 0 : (1 + (ownLease % 100)) * Second;
        var life = Started((int)(lease / Second));
        var (now, heard, waiting, requests, stalled) = (1L, 1L, 0L, 0, false);
        foreach (var (act, pause) in steps)
        {
            now += pause * Second;
            var usual = lease > 0 ? lease : Lease;
            var verdict = Judge(life, now);
            var since = Math.Max(heard, waiting);
            if (verdict != RunVerdict.None && (requests > 0 ? now < since + MaxSilence : now < since + Math.Min(usual, Broken)))
            {
                return false;
            }

            if (verdict == RunVerdict.End && (!stalled || requests > 0 || now < since + (lease > 0 ? 2 * lease : MaxSilence)))
            {
                return false;
            }

            if (verdict == RunVerdict.Stall)
            {
                life.OnStalled(life.HeardAt);
                stalled = true;
            }

            switch (act % 7)
            {
                case 0:
                    life.Hear(now);
                    heard = now;
                    break;
                case 1:
                    life.OnToken(now);
                    (heard, waiting) = (now, 0);
                    break;
                case 2:
                    life.OnEvent(EventType.AgentThinking, default, 1, now);
                    (heard, waiting) = (now, 0);
                    break;
                case 3:
                    life.Wait(now, now + (pause * 3 * Second));
                    heard = now;
                    waiting = Math.Max(waiting, now + (pause * 3 * Second));
                    break;
                case 4:
                    life.BeginRequest(Publisher, now);
                    (requests, heard) = (requests + 1, now);
                    break;
                case 5 when requests > 0:
                    life.EndRequest(Publisher, now, isBroken: act > 127);
                    (requests, heard) = (requests - 1, now);
                    break;
                default:
                    continue;
            }

            stalled = stalled && heard != now;

            // A sign of life restores what was declared, whatever had been broken; but for the break itself.
            if (act % 7 < 5 && Judge(life, Math.Max(now, waiting) + usual - 1) != RunVerdict.None)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whoever looks only when it was said that there is something to be seen misses nothing.</summary>
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public bool NextLook_AnyLife_IsNeverAfterTheVerdict((byte Act, byte Pause)[] steps)
    {
        var life = Started(5);
        var now = 1L;
        foreach (var (act, pause) in steps)
        {
            now += pause * (Second / 10);
            Give(life, new[] { "heartbeat", "token", "event", "waiting", "request", "break", "tool" }[act % 7], now);
            var look = life.NextLook(now, Limits);
            if (look > now && Judge(life, Math.Min(look, now + (3 * MaxSilence)) - 1) != RunVerdict.None)
            {
                return false;
            }

            if (look != RunLife.Never && Judge(life, look) == RunVerdict.None && life.FindStuck(look, Limits).Count == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void Give(RunLife life, string sign, long now)
    {
        switch (sign)
        {
            case "heartbeat":
                life.Hear(now);
                break;
            case "token":
                life.OnToken(now);
                break;
            case "event":
                life.OnEvent(EventType.AgentThinking, default, 1, now);
                break;
            case "waiting":
                life.Wait(now, now + Second);
                break;
            case "tool":
                life.OnEvent(EventType.ToolExecuting, new EventSubject("search"), 1, now);
                break;
            case "request":
                life.BeginRequest(Publisher, now);
                break;
            case "break":
                life.BeginRequest(Publisher, now);
                life.EndRequest(Publisher, now, isBroken: true);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(sign), sign, "no sign of life");
        }
    }

    private static RunLife Started(int leaseSeconds = 0)
    {
        var life = new RunLife(new RunKey("ada", "t", "r"));
        life.OnEvent(EventType.AgentStarted, new EventSubject("demo", Lease: TimeSpan.FromSeconds(leaseSeconds)), 1, 0);
        return life;
    }

    private static RunVerdict Judge(RunLife life, long now) => life.Judge(now, Limits);
}
