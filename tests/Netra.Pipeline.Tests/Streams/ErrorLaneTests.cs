using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>The errors that wait on a connection are bounded, and none of them is lost.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ErrorLaneTests
{
    [Test]
    public void Add_SameOfTheSameRun_IsOneMessageWithACount()
    {
        var lane = new ErrorLane();
        for (var i = 0; i < 3000; i++)
        {
            lane.Add(new WaitingError(new ErrorMessage("log_full", $"{i}", "error", i, "t1", "r1"), 1));
        }

        var message = Drain(lane).Single();

        Assert.That((message.Message, message.RunId, message.Numbers!["count"]), Is.EqualTo(("2999 (and 2999 more)", "r1", 3000)));
    }

    [Test]
    public void Add_OfOtherRuns_KeepsThemApartAndInOrder()
    {
        var lane = new ErrorLane();
        foreach (var run in new[] { "r1", "r2", "r1" })
        {
            lane.Add(new WaitingError(new ErrorMessage("tool_failed", run, "error", 1, "t1", run), 1));
        }

        Assert.That(
            Drain(lane).Select(static message => (message.RunId, message.Numbers?["count"])),
            Is.EqualTo(new[] { ("r1", 2L), ("r2", (long?)null) }));
        Assert.That(lane.IsEmpty, Is.True);
    }

    [Test]
    public void Add_MoreThanItHolds_MergesByCodeAndLosesNone()
    {
        var lane = new ErrorLane();
        var codes = Enum.GetValues<FailureCode>().Select(FailureCodes.WireName).ToArray();
        foreach (var code in codes)
        {
            lane.Add(new WaitingError(new ErrorMessage(code, "once", "error", 1), 1));
        }

        for (var i = 0; i < 10_000; i++)
        {
            lane.Add(new WaitingError(new ErrorMessage(codes[i % codes.Length], $"{i}", "error", i, "t1", $"r{i}"), 1));
        }

        Assert.That(lane.Count, Is.EqualTo(ErrorLane.Capacity));
        var messages = Drain(lane);
        Assert.That(messages.Select(static message => message.Code).Distinct(), Is.EquivalentTo(codes));
        Assert.That(messages.Sum(static message => message.Numbers?["count"] ?? 1), Is.EqualTo(10_000 + codes.Length));
        Assert.That(messages[^1].RunId, Is.EqualTo("r9999"), "the latest is as it was");
    }

    [Test]
    public void Capacity_IsAboveTheNumberOfCodes() => Assert.That(Enum.GetValues<FailureCode>(), Has.Length.LessThan(ErrorLane.Capacity));

    private static List<ErrorMessage> Drain(ErrorLane lane)
    {
        var messages = new List<ErrorMessage>();
        while (lane.TryTake(out var message))
        {
            messages.Add(message);
        }

        return messages;
    }
}
