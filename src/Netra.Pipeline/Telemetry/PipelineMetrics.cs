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
        _active = meter.CreateUpDownCounter<long>("netra.connection.active", "{connection}", "Open connections, by what carries them (netra.transport).");
        _ended = meter.CreateCounter<long>("netra.connections.ended", "{connection}", "Connections that ended, by reason and by what carried them (netra.transport).");
        _rejections = meter.CreateCounter<long>("netra.connection.rejections", "{connection}", "Handshakes that were refused, by status.");
        _isolationViolations = meter.CreateCounter<long>("netra.isolation_violations", "{event}", "Events stopped on their way to another user; the target is 0.");
    }

    /// <param name="transport">What carries it.</param>
    public void ConnectionOpened(string transport) => _active.Add(1, Transport(transport));

    /// <param name="reason">Why it ended.</param>
    /// <param name="transport">What carried it.</param>
    public void ConnectionEnded(ConnectionEndReasonInfo reason, string transport)
    {
        _active.Add(-1, Transport(transport));
        _ended.Add(1, new KeyValuePair<string, object?>("netra.connection.end_reason", reason.WireName), Transport(transport));
    }

    public void HandshakeRefused(int status) => _rejections.Add(1, new KeyValuePair<string, object?>("http.response.status_code", status));

    public void IsolationViolated() => _isolationViolations.Add(1);

    private static KeyValuePair<string, object?> Transport(string name) => new("netra.transport", name);
}
