using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>What was measured in one second. Immutable.</summary>
internal sealed class MonitoringSnapshot
{
    private readonly Dictionary<(string Signal, string? Label), double> _values;

    public MonitoringSnapshot(
        DateTimeOffset at, IReadOnlyList<SignalReading> readings, LatencyHistogram delivery, LatencyHistogram acknowledgement)
    {
        (At, Readings, Delivery, Acknowledgement) = (at, readings, delivery, acknowledgement);
        _values = readings.ToDictionary(static reading => (reading.Signal, reading.Label), static reading => reading.Value);
    }

    public DateTimeOffset At { get; }

    public IReadOnlyList<SignalReading> Readings { get; }

    /// <summary>The runs that wait for answers.</summary>
    public WaitingRuns Waiting { get; init; }

    /// <summary>Delivery in the last minute.</summary>
    public LatencyHistogram Delivery { get; }

    /// <summary>Acknowledgement in the last minute.</summary>
    public LatencyHistogram Acknowledgement { get; }

    /// <summary>What became of all events until then.</summary>
    public StreamAccount Account { get; init; }

    /// <summary>Delivery in this second alone.</summary>
    public LatencyHistogram NewDelivery { get; init; } = new();

    /// <summary>The sum of a signal's values over its labels.</summary>
    public double SumOf(string signal) => Readings.Where(reading => reading.Signal == signal).Sum(static reading => reading.Value);

    /// <summary>A value; 0 when it was not measured.</summary>
    public double this[string signal, string? label = null] => _values.GetValueOrDefault((signal, label));
}
