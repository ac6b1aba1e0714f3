using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Trends;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TrendRingsTests
{
    [Test]
    public void Rings_AfterTwoDays_KeepADayOfMinutesAndNoMore()
    {
        var (time, rings) = Make();
        for (var i = 0; i < 2 * 24 * 60; i++)
        {
            rings.Add(Sample(accepted: 2));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var (minutes, hours) = (rings.Read(TrendRange.Day), rings.Read(TrendRange.Month));
        Assert.That((minutes.Count, minutes.Sum(static point => point[TrendMeasure.Accepted])), Is.EqualTo((1439, 2 * 1439.0)));
        Assert.That(minutes.Select(static point => point.At), Is.Ordered);
        Assert.That(hours.Sum(static point => point[TrendMeasure.Accepted]), Is.EqualTo(2 * 2 * 24 * 60.0), "hours go back further");
    }

    [Test]
    public void Point_OfManySeconds_HasSumsMeansWorstsAndPercentiles()
    {
        var (time, rings) = Make();
        rings.Add(Sample(accepted: 3, users: 10, success: 1, latencyMs: 1));
        rings.Add(Sample(accepted: 4, users: 20, success: 0.5, latencyMs: 900));
        time.Advance(TimeSpan.FromSeconds(1));

        var point = rings.Latest(TrendRange.Years)!;

        Assert.That(
            (point.Seconds, point[TrendMeasure.Accepted], point[TrendMeasure.Users], point[TrendMeasure.SuccessRate]),
            Is.EqualTo((2, 7.0, 15.0, 0.75)));
        Assert.That(point.Latencies.P99, Is.EqualTo(0.9).Within(20).Percent);
        Assert.That(point.LatencyCounts.Sum(), Is.EqualTo(2));
        Assert.That(point.LatencyCounts[Row(0.001)], Is.EqualTo(1), "the row that one millisecond lies in");
        Assert.That(point.LatencyCounts[Row(0.9)], Is.EqualTo(1));
    }

    [Test]
    public void Rings_StoredAndRestored_GoOnInTheSameStretch()
    {
        var (time, rings) = Make();
        rings.Add(Sample(accepted: 3, users: 4, success: 0.25, latencyMs: 7));
        var stored = rings.TakeChanged();
        Assert.That(rings.TakeChanged(), Is.Empty, "nothing has changed since");

        var next = new TrendRings(time);
        next.Restore(stored);
        next.Add(Sample(accepted: 1, users: 2, latencyMs: 7));

        var point = next.Read(TrendRange.Day).Single();
        Assert.That(
            (point.Seconds, point[TrendMeasure.Accepted], point[TrendMeasure.Users], point.LatencyCounts.Sum()),
            Is.EqualTo((2, 4.0, 3.0, 2)));
        Assert.That(next.Read(TrendRange.Hour), Has.Count.EqualTo(1), "which is not stored, and begins anew");
    }

    [Test]
    public void Rings_ClockSetBack_CountWhereTheClockSays()
    {
        var (time, rings) = Make();
        rings.Add(Sample(accepted: 1));
        time.ShiftWallClock(TimeSpan.FromDays(400));
        rings.Add(Sample(accepted: 10));
        time.ShiftWallClock(TimeSpan.FromDays(-400));
        rings.Add(Sample(accepted: 1));

        var shown = rings.Read(TrendRange.Years).Sum(static point => point[TrendMeasure.Accepted]);
        Assert.That(shown, Is.EqualTo(2), "the future is not shown");
    }

    [Test]
    public void Rings_NotStored_AreTakenAgain()
    {
        var (_, rings) = Make();
        rings.Add(Sample(accepted: 1));
        var changed = rings.TakeChanged();
        rings.PutBack(changed);
        Assert.That(rings.TakeChanged(), Is.EqualTo(changed));
    }

    [Test]
    public void Capacity_ValueThatRisesWithUsers_SaysByHowMuch()
    {
        var (time, rings) = Make();
        for (var i = 0; i < 40; i++)
        {
            rings.Add(Sample(users: 100 + (10 * i), memory: 50_000_000 + (20_000.0 * (100 + (10 * i)))));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var points = rings.Read(TrendRange.Day);
        Assert.That(Capacity.RiseOf(points, TrendMeasure.MemoryBytes), Is.EqualTo(20_000).Within(1));
        Assert.That(Capacity.RiseOf(points, TrendMeasure.CpuCores), Is.Null, "nothing rises");
        Assert.That(Capacity.RiseOf([.. points.Take(3)], TrendMeasure.MemoryBytes), Is.Null, "too few points to tell");
    }

    [Test]
    public void Measures_All_HaveNamesOfTheirOwn()
        => Assert.That(TrendMeasures.All.Select(TrendMeasures.NameOf), Is.Unique.And.None.Empty);

    private static (TestTimeProvider Time, TrendRings Rings) Make()
    {
        var time = new TestTimeProvider();
        return (time, new TrendRings(time));
    }

    private static int Row(double seconds) => TrendPoint.LatencyEdges.TakeWhile(edge => edge <= seconds).Count();

    private static TrendSample Sample(
        double accepted = 0, double users = 0, double success = 1, double memory = 0, double? latencyMs = null)
    {
        var latencies = new LatencyHistogram();
        if (latencyMs is { } ms)
        {
            latencies.Add(TimeSpan.FromMilliseconds(ms));
        }

        return new TrendSample(latencies)
        {
            [TrendMeasure.Accepted] = accepted,
            [TrendMeasure.Users] = users,
            [TrendMeasure.SuccessRate] = success,
            [TrendMeasure.MemoryBytes] = memory,
        };
    }
}
