using System.Diagnostics.Metrics;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Telemetry;

/// <summary>The instruments of connections. Names and units follow the OpenTelemetry conventions; tags are bounded.</summary>
internal sealed class PipelineMetrics
{
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _isolationViolations;

    public PipelineMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PipelineMeter.Name);
        _active = meter.CreateUpDownCounter<long>("netra.connection.active", "{connection}", "Open WebSocket connections.");
        _ended = meter.CreateCounter<long>("netra.connections.ended", "{connection}", "WebSocket connections that ended, by reason.");
        _rejections = meter.CreateCounter<long>("netra.connection.rejections", "{connection}", "Handshakes that were refused, by status.");
        _isolationViolations = meter.CreateCounter<long>("netra.isolation_violations", "{event}", "Events stopped on their way to another user; the target is 0.");
    }

    public void ConnectionOpened() => _active.Add(1);

    public void ConnectionEnded(ConnectionEndReasonInfo reason)
    {
        _active.Add(-1);
        _ended.Add(1, new KeyValuePair<string, object?>("netra.connection.end_reason", reason.WireName));
    }

    public void HandshakeRefused(int status) => _rejections.Add(1, new KeyValuePair<string, object?>("http.response.status_code", status));

    public void IsolationViolated() => _isolationViolations.Add(1);
}
