using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Storage;

[Parallelizable(ParallelScope.All)]
internal sealed class StorageClockTests
{
    [TestCase(1)]
    [TestCase(-1)]
    [TestCase(24)]
    [TestCase(-24)]
    [TestCase(87_660)]
    public void Now_WallClockIsSet_GoesOnAsIfNothingHadBeen(int hours)
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        time.Advance(TimeSpan.FromHours(3));
        var before = clock.Now;
        time.ShiftWallClock(TimeSpan.FromHours(hours));
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(clock.Now, Is.EqualTo(before + TimeSpan.FromMinutes(1)));
        Assert.That(clock.OfWall(time.GetUtcNow()), Is.EqualTo(clock.Now));
        Assert.That(clock.ToWall(clock.Now), Is.EqualTo(time.GetUtcNow()));
        time.ShiftWallClock(TimeSpan.FromHours(-hours));
        Assert.That(clock.Ahead(), Is.Zero);
    }

    // Moments that are just read off the wall clock are moved without a look at both clocks, and a step is seen all the same.
    [TestCase(1)]
    [TestCase(-1)]
    [TestCase(3600)]
    [TestCase(-3600)]
    public void OfWall_WallClockIsSetBetweenEvents_GoesOn(int seconds)
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        var begun = time.GetUtcNow();
        for (var i = 1; i <= 200; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            if (i == 97)
            {
                time.ShiftWallClock(TimeSpan.FromSeconds(seconds));
            }

            Assert.That(clock.OfWall(time.GetUtcNow()), Is.EqualTo(begun + TimeSpan.FromMilliseconds(50 * i)));
        }
    }

    // Nobody has looked for an hour, and the clock was set back by as much: for a moment the log's time may stand, but it never goes back.
    [Test]
    public void OfWall_WallClockIsSetBackToTheLastLook_NeverGoesBack()
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        var last = clock.OfWall(time.GetUtcNow());
        time.Advance(TimeSpan.FromHours(1));
        time.ShiftWallClock(TimeSpan.FromHours(-1));

        for (var i = 0; i < 30; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            var now = clock.OfWall(time.GetUtcNow());
            Assert.That(now, Is.GreaterThan(last));
            last = now;
        }

        Assert.That(clock.OfWall(time.GetUtcNow()), Is.EqualTo(clock.Now));
    }

    // Time that passes between two looks, at the one clock and at the other, is no step; a small one was remembered, and stayed.
    [Test]
    public async Task Ahead_TimePassesWhileItIsRead_IsNoStep()
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        var isOver = false;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                Assert.That(clock.Ahead(), Is.Zero);
            }
        })).ToList();
        for (var i = 0; i < 20_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(600 + i % 7 * 150));
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
    }

    [Test]
    public void Now_ClockIsUnsteady_IsTheWallClocks()
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        time.ShiftWallClock(TimeSpan.FromMilliseconds(900));

        Assert.That(clock.Now, Is.EqualTo(time.GetUtcNow()));
    }

    [TestCase(0)]
    [TestCase(24)]
    [TestCase(-24)]
    public void GoOn_ClockWasSetBefore_CountsWhatHasPassedSinceThen(int hours)
    {
        var time = new TestTimeProvider();
        var first = new StorageClock(time);
        time.ShiftWallClock(TimeSpan.FromHours(hours));
        var (saved, wall) = (first.Now, time.GetUtcNow());
        time.Advance(TimeSpan.FromMinutes(10));

        var second = new StorageClock(time);
        second.GoOn(saved.UtcTicks, wall.UtcTicks);

        Assert.That(second.Now, Is.EqualTo(saved + TimeSpan.FromMinutes(10)));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(second.Now, Is.EqualTo(saved + TimeSpan.FromMinutes(15)));
    }

    [Test]
    public void GoOn_ClockWasSetBackMeanwhile_NeverGoesBack()
    {
        var time = new TestTimeProvider();
        var (saved, wall) = (new StorageClock(time).Now, time.GetUtcNow());
        time.ShiftWallClock(TimeSpan.FromDays(-1));

        var second = new StorageClock(time);
        second.GoOn(saved.UtcTicks, wall.UtcTicks);

        Assert.That(second.Now, Is.EqualTo(saved));
    }

    [Test]
    public void OfWall_TimesBeyondAll_StayThere()
    {
        var time = new TestTimeProvider();
        var clock = new StorageClock(time);
        time.ShiftWallClock(TimeSpan.FromDays(-1));

        Assert.That(clock.OfWall(DateTimeOffset.MaxValue), Is.EqualTo(DateTimeOffset.MaxValue));
        Assert.That(clock.ToWall(DateTimeOffset.MinValue), Is.EqualTo(DateTimeOffset.MinValue));
    }
}
