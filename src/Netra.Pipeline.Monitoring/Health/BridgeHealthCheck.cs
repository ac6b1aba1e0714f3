using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Checks that the bridge is initialized: no initialization fails, canaries pass, and the server's loops run.</summary>
internal sealed class BridgeHealthCheck(PipelineBridge bridge, BridgeInitializations initializations) : PipelineHealthCheck
{
    public override string Name => "bridge_initialization";

    public override HealthResult Check(MonitoringSnapshot snapshot)
    {
        var (failed, canaries) = (snapshot[Signals.BridgeFailures], snapshot[Signals.CanaryFailures]);
        var stuck = snapshot.SumOf(Signals.StuckLoops);
        var numbers = new[]
        {
            ("initializations", (double)initializations.Succeeded),
            ("failed", initializations.Failed.Total),
            ("last_duration_s", initializations.Last.TotalSeconds),
            ("canary_failures", canaries),
            ("stuck_loops", stuck),
        };
        return bridge.State switch
        {
            BridgeState.Failed => Result(HealthStatus.Unhealthy, $"the bridge has failed: {bridge.FailureReason}", numbers),
            _ when failed > 0 => Result(
                HealthStatus.Unhealthy, $"{failed:F0} initializations failed in the last minute; the target is 0", numbers),
            _ when canaries > 0 => Result(HealthStatus.Unhealthy, $"{canaries:F0} canaries failed one after the other", numbers),
            _ when stuck > 0 => Result(HealthStatus.Degraded, $"{stuck:F0} of the server's own loops hang or have ended", numbers),
            BridgeState.Ready => Result(HealthStatus.Healthy, "ready", numbers),
            _ => Result(HealthStatus.Degraded, $"the bridge is {bridge.State}", numbers),
        };
    }
}
