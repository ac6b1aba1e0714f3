using HdrHistogram;

namespace Netra.Pipeline.Load.Measuring;

/// <summary>Percentiles, in milliseconds.</summary>
/// <param name="Count">Of how many.</param>
/// <param name="P50">Half of them took at most this.</param>
/// <param name="P90">90 % of them.</param>
/// <param name="P99">99 % of them.</param>
/// <param name="P999">99.9 % of them.</param>
/// <param name="Max">All of them.</param>
internal sealed record LatencySummary(long Count, double P50, double P90, double P99, double P999, double Max)
{
    private const double MicrosecondsPerMillisecond = 1_000;

    public static LatencySummary Of(HistogramBase histogram) => histogram.TotalCount == 0
        ? new LatencySummary(0, 0, 0, 0, 0, 0)
        : new LatencySummary(
            histogram.TotalCount,
            histogram.GetValueAtPercentile(50) / MicrosecondsPerMillisecond,
            histogram.GetValueAtPercentile(90) / MicrosecondsPerMillisecond,
            histogram.GetValueAtPercentile(99) / MicrosecondsPerMillisecond,
            histogram.GetValueAtPercentile(99.9) / MicrosecondsPerMillisecond,
            histogram.GetMaxValue() / MicrosecondsPerMillisecond);
}
