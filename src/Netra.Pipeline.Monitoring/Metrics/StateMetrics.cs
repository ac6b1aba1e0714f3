using System.Diagnostics.Metrics;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The instruments that are read when a collector asks: event counts, queues, the bridge, and the log. Made at start; safe from any thread.
/// </summary>
internal sealed class StateMetrics
{
    public StateMetrics(
        IMeterFactory meters,
        StreamRegistry streams,
        ConnectionRegistry connections,
        PipelineBridge bridge,
        IEventLog log,
        EmissionWaits waits,
        BufferBudget buffers,
        UserMetricsTable metrics)
    {
        var meter = meters.Create(PipelineMeter.Name);
        AddEvents(meter, streams.Counters, metrics);
        meter.CreateObservableUpDownCounter(
            "netra.queue.usage",
            () => connections.All.Sum(static c => (long)c.Queue.Count),
            "{event}",
            "Events that wait to be written, of all connections.");
        meter.CreateObservableUpDownCounter(
            "netra.queue.limit", () => connections.All.Sum(static c => (long)c.Queue.FrameLimit), "{event}", "How many may wait.");
        meter.CreateObservableUpDownCounter(
            "netra.buffer.usage", () => buffers.Used, "By", "What waits for pages: send queues, and the recent windows of streams.");
        meter.CreateObservableUpDownCounter("netra.buffer.limit", () => buffers.Limit, "By", "How much may wait.");
        meter.CreateObservableUpDownCounter(
            "netra.emission.waiting", () => waits.Count, "{event}", "Events that wait for room in the log, or for connections.");
        meter.CreateObservableGauge(
            "netra.bridge.state",
            () => ReadState(bridge.State),
            "{state}",
            "1 for the state that the pipeline is in (netra.bridge.state), 0 for the others.");
        meter.CreateObservableGauge(
            "netra.log.trouble",
            () => bridge.State is BridgeState.Ready or BridgeState.Draining && log.Trouble is not null ? 1 : 0,
            "{state}",
            "1 while the log stores nothing.");
    }

    private static void AddEvents(Meter meter, StreamCounters counters, UserMetricsTable metrics)
    {
        meter.CreateObservableCounter(
            "netra.events.published", () => ReadPublished(metrics), "{event}", "Events that were accepted, by type (netra.event.type).");
        Count("netra.events.acknowledged", () => counters.Acknowledged, "Events that were acknowledged for the first time.");
        Count("netra.events.replayed", () => counters.Replayed, "Events that were read for a connection that had missed them.");
        Count(
            "netra.events.redelivered",
            () => counters.Redelivered,
            "Events that were sent again, since nobody had confirmed them or the page had asked.");
        Count("netra.events.expired", () => counters.Expired, "Events that retention deleted although nobody had acknowledged them.");
        Count("netra.events.dead_lettered", () => counters.DeadLettered, "Critical events that were given up after all retries.");
        meter.CreateObservableCounter(
            "netra.slow_consumers",
            () => counters.SlowConsumers,
            "{connection}",
            "Connections that fell behind, since their queue was full; each time counts.");
        meter.CreateObservableCounter("netra.run.attempts", () => counters.Attempts, "{attempt}", "Attempts at runs beyond the first.");

        void Count(string name, Func<long> read, string description) => meter.CreateObservableCounter(name, read, "{event}", description);
    }

    private static IEnumerable<Measurement<long>> ReadPublished(UserMetricsTable metrics)
        => metrics.AcceptedByType().Select(static (events, type) =>
            new Measurement<long>(events, new KeyValuePair<string, object?>("netra.event.type", EventTypes.WireName((EventType)type))));

    private static IEnumerable<Measurement<int>> ReadState(BridgeState current)
        => Enum.GetValues<BridgeState>().Select(state => new Measurement<int>(
            state == current ? 1 : 0, new KeyValuePair<string, object?>("netra.bridge.state", BridgeStates.NameOf(state))));
}
