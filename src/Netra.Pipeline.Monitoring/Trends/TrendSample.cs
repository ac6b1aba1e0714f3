using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>What one second has brought. Immutable once made.</summary>
/// <param name="latencies">How long the deliveries of the second took.</param>
internal sealed class TrendSample(LatencyHistogram latencies)
{
    private readonly double[] _values = new double[TrendMeasures.All.Count];

    public LatencyHistogram Latencies => latencies;

    public double this[TrendMeasure measure]
    {
        get => _values[(int)measure];
        init => _values[(int)measure] = value;
    }
}
