using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Failures;

public sealed class FailureFeedTests
{
    [Test]
    public void Latest_FewerThanAsked_ReturnsAllNewestFirst()
    {
        var feed = new FailureFeed();
        Add(feed, 0, 3);

        Assert.That(feed.Latest(10).Select(failure => failure.Message), Is.EqualTo(new[] { "2", "1", "0" }));
        Assert.That(feed.Capacity, Is.EqualTo(1000));
    }

    [FsCheck.NUnit.Property]
    public bool Latest_AnyNumberAdded_ReturnsTheNewestWithinCapacity(byte added, byte capacity, byte asked)
    {
        var feed = new FailureFeed(capacity + 1);
        Add(feed, 0, added);

        var expected = Enumerable.Range(0, added).Reverse().Take(Math.Min(asked, capacity + 1)).Select(i => $"{i}");
        return feed.Latest(asked).Select(failure => failure.Message).SequenceEqual(expected) && feed.Total == added;
    }

    [Test]
    public void Latest_MoreThanWasEverAdded_ReturnsNothing() => Assert.That(new FailureFeed().Latest(int.MaxValue), Is.Empty);

    [Test]
    public void Latest_Negative_Throws() =>
        Assert.That(() => new FailureFeed().Latest(-1), Throws.TypeOf<ArgumentOutOfRangeException>());

    [TestCase(0)]
    [TestCase(1_000_001)]
    public void FailureFeed_CapacityOutOfRange_Throws(int capacity) =>
        Assert.That(() => new FailureFeed(capacity), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void Add_FromManyThreads_LosesNothing()
    {
        var feed = new FailureFeed(4000);

        Parallel.For(0, 4, i => Add(feed, i * 1000, 1000));

        Assert.That(feed.Total, Is.EqualTo(4000));
        Assert.That(feed.Latest(4000).Select(failure => failure.Message), Is.Unique);
    }

    private static void Add(FailureFeed feed, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            feed.Add(new Failure(FailureCode.SendFailed, "Test", $"{i}"));
        }
    }
}
