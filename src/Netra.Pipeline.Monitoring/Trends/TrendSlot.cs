using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// What a stretch of time has brought: sums of counts, sums and worst values of gauges, and all latencies of delivery. It names no user.
/// Guarded by the rings' lock.
/// </summary>
/// <param name="beginsAt">When it begins, in Unix seconds; a multiple of its ring's step.</param>
internal sealed class TrendSlot(long beginsAt)
{
    private readonly double[] _sums = new double[TrendMeasures.All.Count];
    private readonly double[] _worsts = new double[TrendMeasures.All.Count];

    public long BeginsAt => beginsAt;

    /// <summary>How many seconds were measured: fewer than its step, where the server did not run.</summary>
    public long Seconds { get; private set; }

    public LatencyHistogram Latencies { get; } = new();

    /// <summary>Whether it has changed since it was stored.</summary>
    public bool IsChanged { get; set; }

    public double SumOf(TrendMeasure measure) => _sums[(int)measure];

    /// <summary>The worst value of a gauge.</summary>
    public double WorstOf(TrendMeasure measure) => _worsts[(int)measure];

    /// <summary>The mean of a gauge.</summary>
    public double MeanOf(TrendMeasure measure) => Seconds == 0 ? 0 : _sums[(int)measure] / Seconds;

    public void Add(TrendSample sample)
    {
        foreach (var measure in TrendMeasures.All)
        {
            var value = sample[measure];
            _sums[(int)measure] += value;
            _worsts[(int)measure] = Seconds == 0 ? value : TrendMeasures.WorseOf(measure, _worsts[(int)measure], value);
        }

        Latencies.Add(sample.Latencies);
        Seconds++;
        IsChanged = true;
    }

    /// <summary>Takes up what was stored of it.</summary>
    /// <param name="seconds">How many seconds were measured.</param>
    /// <param name="sums">The sums, by measure; those that were not known then are 0.</param>
    /// <param name="worsts">The worst values of gauges.</param>
    public void Restore(
        long seconds, IReadOnlyDictionary<TrendMeasure, double> sums, IReadOnlyDictionary<TrendMeasure, double> worsts)
    {
        Seconds = seconds;
        foreach (var measure in TrendMeasures.All)
        {
            (_sums[(int)measure], _worsts[(int)measure]) = (sums.GetValueOrDefault(measure), worsts.GetValueOrDefault(measure));
        }
    }
}
