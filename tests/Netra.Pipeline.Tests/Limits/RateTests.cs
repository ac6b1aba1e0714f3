using Netra.Pipeline.Limits;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Limits;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RateTests
{
    [Test]
    public void TakeUpTo_AfterARest_GivesTheBurstAndThenTheRate()
    {
        var time = new TestTimeProvider();
        var rate = new Rate(perSecond: 100, burst: 500, time);
        var paid = 0L;

        Assert.That(rate.TakeUpTo(ref paid, time.GetTimestamp(), 1000), Is.EqualTo(500));
        Assert.That(rate.TakeUpTo(ref paid, time.GetTimestamp(), 1000), Is.Zero);
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.That(rate.TakeUpTo(ref paid, time.GetTimestamp(), 1000), Is.EqualTo(50));
        time.Advance(TimeSpan.FromHours(1));
        Assert.That(rate.TakeUpTo(ref paid, time.GetTimestamp(), 1000), Is.EqualTo(500), "no more than the burst is saved up");
    }

    [Test]
    public void TryTake_WithoutRoom_SaysHowLongToWaitAndTakesNothing()
    {
        var time = new TestTimeProvider();
        var rate = new Rate(perSecond: 10, burst: 10, time);
        var paid = 0L;

        Assert.That(rate.TryTake(ref paid, time.GetTimestamp(), 10, out _), Is.True);
        Assert.That(rate.TryTake(ref paid, time.GetTimestamp(), 5, out var wait), Is.False);
        Assert.That(time.GetElapsedTime(0, wait), Is.EqualTo(TimeSpan.FromSeconds(0.5)));
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.That(rate.TryTake(ref paid, time.GetTimestamp(), 5, out _), Is.True);
    }

    [Test]
    public void TryTake_MoreThanTheBurst_IsToBeHadAfterARest()
    {
        var time = new TestTimeProvider();
        var rate = new Rate(perSecond: 10, burst: 10, time);
        var paid = 0L;

        Assert.That(rate.TryTake(ref paid, time.GetTimestamp(), 100, out _), Is.True);
        Assert.That(rate.TryTake(ref paid, time.GetTimestamp(), 100, out var wait), Is.False);
        Assert.That(time.GetElapsedTime(0, wait), Is.EqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void Spend_AboveTheBurst_IsADebtThatTimePays()
    {
        var time = new TestTimeProvider();
        var rate = new Rate(perSecond: 10, burst: 10, time);
        var paid = 0L;

        Assert.That(rate.Spend(ref paid, time.GetTimestamp(), 10), Is.Zero);
        Assert.That(time.GetElapsedTime(0, rate.Spend(ref paid, time.GetTimestamp(), 20)), Is.EqualTo(TimeSpan.FromSeconds(2)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(rate.Spend(ref paid, time.GetTimestamp(), 0), Is.Zero);
    }
}
