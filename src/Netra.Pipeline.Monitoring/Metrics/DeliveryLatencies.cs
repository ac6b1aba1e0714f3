using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// How long events of all users take: from accepted to handed to the transport, and to acknowledged. Safe from any thread; not to be called
/// under a lock, since collectors are foreign code.
/// </summary>
internal sealed class DeliveryLatencies
{
    private readonly Histogram<double> _delivery;
    private readonly Histogram<double> _acknowledgement;

    public DeliveryLatencies(IMeterFactory meters, TimeProvider time)
    {
        Delivery = new LatencyWindow(time);
        Acknowledgement = new LatencyWindow(time);
        var meter = meters.Create(PipelineMeter.Name);
        var advice = new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
        };
        _delivery = meter.CreateHistogram(
            "netra.event.delivery.duration",
            "s",
            "From accepted to handed to the transport: of each write to a connection, its oldest event.",
            tags: null,
            advice);
        _acknowledgement = meter.CreateHistogram(
            "netra.event.ack.duration", "s", "From accepted to acknowledged: of each user, one event at a time.", tags: null, advice);
    }

    /// <summary>Delivery in the last minute, every event of every connection.</summary>
    public LatencyWindow Delivery { get; }

    /// <summary>Acknowledgement in the last minute, a sample.</summary>
    public LatencyWindow Acknowledgement { get; }

    public void OnDelivered(int events, TimeSpan latency)
    {
        Delivery.Add(latency, events);
        _delivery.Record(Math.Max(0, latency.TotalSeconds));
    }

    public void OnAcknowledged(TimeSpan latency)
    {
        Acknowledgement.Add(latency, 1);
        _acknowledgement.Record(Math.Max(0, latency.TotalSeconds));
    }
}
