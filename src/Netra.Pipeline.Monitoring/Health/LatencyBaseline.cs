using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Compares the latency of delivery with its own past: the last minute with a slow average of the minutes before. Called by the tick alone,
/// once a second.
/// </summary>
internal sealed class LatencyBaseline
{
    private const int Minute = 60;
    private const double Weight = 0.05;

    // Differences below it do not matter to users.
    private const double FloorSeconds = 0.02;

    private double _baseline;
    private int _seconds;

    /// <summary>How many times slower than in the past; 1 when it is not slower, or not known.</summary>
    public double Degradation { get; private set; } = 1;

    public void OnTick(LatencyHistogram lastMinute)
    {
        if (lastMinute.Count == 0)
        {
            Degradation = 1;
            return;
        }

        var mean = Math.Max(FloorSeconds, lastMinute.Mean.TotalSeconds);
        Degradation = _baseline == 0 ? 1 : Math.Max(1, mean / _baseline);
        if (++_seconds % Minute == 0)
        {
            // Slow minutes count too, so a latency that lasts for hours becomes the baseline.
            _baseline = _baseline == 0 ? mean : _baseline + (Weight * (mean - _baseline));
        }
    }
}
