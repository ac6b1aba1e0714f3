using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>What all connections share.</summary>
internal sealed class ConnectionServices(
    IOptions<ConnectionOptions> options,
    IOptions<StreamOptions> streams,
    ClientMessageDispatcher dispatcher,
    FailureReporter failures,
    PipelineMetrics metrics,
    ConnectionObservation observation,
    AcknowledgementSpans spans,
    SecurityAudit audit,
    PeerLog lines,
    BufferBudget budget,
    InboundBudget inbound,
    LimitMetrics limits,
    IOptions<PeerLimitOptions> peerLimits,
    ILogger<Connection> logger,
    ServedTime time)
{
    public ConnectionOptions Options { get; } = options.Value;

    public ClientMessageDispatcher Dispatcher { get; } = dispatcher;

    public FailureReporter Failures { get; } = failures;

    public PipelineMetrics Metrics { get; } = metrics;

    public ConnectionObservation Observation { get; } = observation;

    public AcknowledgementSpans Spans { get; } = spans;

    public SecurityAudit Audit { get; } = audit;

    public PeerLog Lines { get; } = lines;

    public BufferBudget Budget { get; } = budget;

    public InboundBudget Inbound { get; } = inbound;

    public LimitMetrics Limits { get; } = limits;

    public PeerLimitOptions PeerLimits { get; } = peerLimits.Value;

    public ILogger Logger { get; } = logger;

    /// <summary>The clock of measurements and deadlines: it leaves out the gaps in which this process did not run.</summary>
    public ServedTime Time { get; } = time;

    /// <summary>Lets the text of one connection wait for more of it; null where that is off.</summary>
    /// <param name="wake">Schedules the connection's writer.</param>
    public TokenWindow? MakeWindow(Action wake)
        => streams.Value.TokenWindow is { Ticks: > 0 } length ? new TokenWindow(Time, length, wake) : null;
}
