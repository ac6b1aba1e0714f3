using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Health;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ResourceTrendTests
{
    private const long MiB = 1024 * 1024;

    [Test]
    public void Growth_RisesInEverySlot_IsALeak()
        => Assert.That(GrowthOf(static minute => (100 + (10 * minute)) * MiB), Is.EqualTo(600.0 * MiB).Within(70 * MiB));

    [Test]
    public void Growth_CacheThatFills_IsNone() => Assert.That(GrowthOf(static minute => Math.Min(300, 100 + (10 * minute)) * MiB), Is.Zero);

    [Test]
    public void Growth_BurstsThatComeBack_IsNone() => Assert.That(GrowthOf(static minute => (minute % 10 == 5 ? 900 : 100) * MiB), Is.Zero);

    private static double GrowthOf(Func<int, long> bytesAt)
    {
        var time = new TestTimeProvider();
        var minute = 0;
        var trend = new ResourceTrend(() => new ResourceSample(bytesAt(minute), 0), time);
        for (minute = 0; minute < 100; minute++)
        {
            for (var i = 0; i < 6; i++)
            {
                trend.OnTick();
                time.Advance(TimeSpan.FromSeconds(10));
            }
        }

        return trend.GrowthPerHour;
    }
}
