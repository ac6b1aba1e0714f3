using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Limits;

/// <summary>Counts what limits have held back. Safe to use from any thread.</summary>
internal sealed class LimitMetrics
{
    private readonly Counter<long> _delays;
    private readonly Counter<long> _refusals;

    public LimitMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PipelineMeter.Name);
        _delays = meter.CreateCounter<long>(
            "netra.limit.delays", "{delay}", "Times that a peer had to wait because of a limit (netra.limit), a tenth of a second each.");
        _refusals = meter.CreateCounter<long>(
            "netra.limit.refusals", "{request}", "Requests and messages that were refused because of a limit (netra.limit).");
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
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit has no name."),
    };
}
