using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Checks that no event was about to be sent to another user.</summary>
internal sealed class IsolationHealthCheck : PipelineHealthCheck
{
    public override string Name => "user_isolation";

    public override HealthResult Check(MonitoringSnapshot snapshot)
        => HealthyIfNone(snapshot[Signals.IsolationViolations], "isolation violations in the last minute");
}
