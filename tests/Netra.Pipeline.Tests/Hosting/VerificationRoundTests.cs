using System.Text.Json;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>
/// Startup verification and canary believe nothing but the five lifecycle events of their own round, each received
/// in order and acknowledged.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class VerificationRoundTests
{
    private const string Run = "own";
    private const long Head = 20;

    private static readonly EventType[] Lifecycle =
        [EventType.AgentStarted, EventType.AgentThinking, EventType.ToolExecuting, EventType.ToolCompleted, EventType.AgentCompleted];

    [Test]
    public void Round_AllFiveReceivedAndAcknowledged_Passes()
    {
        var round = Begun();
        Assert.That(Receive(round, Lifecycle[..4]), Is.False);
        Assert.That(round.Add(Message(EventType.Token, Head + 5)), Is.False);
        Assert.That(round.Add(Message(EventType.AgentCompleted, Head + 6)), Is.True);

        Assert.That(() => round.Check(static _ => true), Throws.Nothing);
    }

    [TestCaseSource(nameof(Lifecycle))]
    public void Round_OneMissing_FailsAndSaysWhatCame(EventType missing)
    {
        var round = Begun();
        Receive(round, [.. Lifecycle.Where(type => type != missing)]);

        Assert.That(
            () => round.Check(static _ => true),
            Throws.InvalidOperationException.With.Message.Contains("instead of the five lifecycle events of run own"));
    }

    [TestCaseSource(nameof(Lifecycle))]
    public void Round_OneNotAcknowledged_FailsAndNamesIt(EventType open)
    {
        var round = Begun();
        Receive(round, Lifecycle);
        var seq = Head + 1 + Array.IndexOf(Lifecycle, open);

        Assert.That(
            () => round.Check(acknowledged => acknowledged != seq),
            Throws.InvalidOperationException.With.Message.EqualTo($"not acknowledged: {EventTypes.WireName(open)} ({seq}) of run own"));
    }

    [TestCaseSource(nameof(Lifecycle))]
    public void Round_OneOfAnEarlierRound_DoesNotStandForItsOwn(EventType stale)
    {
        var earlier = Begun();
        var other = Begun();
        var seq = Head;
        foreach (var type in Lifecycle)
        {
            seq++;
            earlier.Add(Message(type, type == stale ? Head - 1 : seq));
            other.Add(Message(type, seq, type == stale ? "another" : Run));
        }

        Assert.That(() => earlier.Check(static _ => true), Throws.InvalidOperationException, "by its number");
        Assert.That(() => other.Check(static _ => true), Throws.InvalidOperationException, "by its run");
    }

    [Test]
    public void Round_EndOfAnotherRun_IsNotItsEnd()
        => Assert.That(Begun().Add(Message(EventType.AgentCompleted, Head + 1, "another")), Is.False);

    [Test]
    public void Round_InAnotherOrderOrTwice_Fails()
    {
        var (swapped, twice) = (Begun(), Begun());
        Receive(swapped, [Lifecycle[1], Lifecycle[0], .. Lifecycle[2..]]);
        Receive(twice, [Lifecycle[0], .. Lifecycle]);

        Assert.That(() => swapped.Check(static _ => true), Throws.InvalidOperationException);
        Assert.That(() => twice.Check(static _ => true), Throws.InvalidOperationException);
    }

    private static VerificationRound Begun()
    {
        var round = new VerificationRound(Run);
        round.Begin(new WelcomeMessage("c1", "$verification", "epoch", Head, Head, Resumed: true, 15_000, 10_000, 1_000, 64));
        return round;
    }

    private static bool Receive(VerificationRound round, EventType[] types)
    {
        var hasEnded = false;
        foreach (var (index, type) in types.Index())
        {
            hasEnded |= round.Add(Message(type, Head + 1 + index));
        }

        return hasEnded;
    }

    private static EventMessage Message(EventType type, long seq, string runId = Run)
        => new(EventTypes.WireName(type), type, seq, $"id{seq}", "t1", runId, 1, JsonSerializer.SerializeToElement(new { }));
}
