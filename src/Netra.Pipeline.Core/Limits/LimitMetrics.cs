using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Limits;

/// <summary>Counts what limits have held back. Safe to use from any thread.</summary>
internal sealed class LimitMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _delays;
    private readonly Counter<long> _refusals;

    public LimitMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(PipelineMeter.Name);
        _delays = _meter.CreateCounter<long>(
            "netra.limit.delays", "{delay}", "Times that a peer had to wait because of a limit (netra.limit), a tenth of a second each.");
        _refusals = _meter.CreateCounter<long>(
            "netra.limit.refusals", "{request}", "Requests and messages that were refused because of a limit (netra.limit).");
    }

    /// <summary>Has what is on its way be observed.</summary>
    /// <param name="used">How many bytes.</param>
    /// <param name="limit">How many there should be at most.</param>
    public void ObserveReplay(Func<long> used, long limit)
    {
        _meter.CreateObservableUpDownCounter(
            "netra.replay.usage", used, "By", "Bytes of the past that are in memory on their way to pages.");
        _meter.CreateObservableUpDownCounter("netra.replay.limit", () => limit, "By", "How many there may be.");
    }

    /// <summary>A peer waits for a moment.</summary>
    public void Delayed(Limit limit) => _delays.Add(1, Tag(limit));

    /// <summary>Something was refused.</summary>
    public void Refused(Limit limit) => _refusals.Add(1, Tag(limit));

    private static KeyValuePair<string, object?> Tag(Limit limit) => new("netra.limit", NameOf(limit));

    private static string NameOf(Limit limit) => limit switch
    {
        Limit.Inbound => "inbound",
        Limit.InboundTotal => "inbound_total",
        Limit.Replay => "replay",
        Limit.ReplayTotal => "replay_total",
        Limit.PublishedEvents => "published_events",
        Limit.PublishedLines => "published_lines",
        Limit.OpenRuns => "open_runs",
        Limit.Handshakes => "handshakes",
        Limit.HandshakesOfAddress => "handshakes_of_address",
        Limit.ConnectionsOfAddress => "connections_of_address",
        Limit.ConnectionsOfUser => "connections_of_user",
        Limit.Connections => "connections",
        Limit.ConnectionsOfTenant => "connections_of_tenant",
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit has no name."),
    };
}
