using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Whether an event was on its way to another user.</summary>
internal sealed class IsolationHealthCheck : PipelineHealthCheck
{
    public override string Name => "user_isolation";

    public override HealthResult Judge(MonitoringSnapshot snapshot) => None(snapshot[Signals.IsolationViolations], "isolation violations in the last minute");
}
