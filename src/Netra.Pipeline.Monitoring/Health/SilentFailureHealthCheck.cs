using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Checks that nothing failed silently in the last minute.</summary>
internal sealed class SilentFailureHealthCheck : PipelineHealthCheck
{
    public override string Name => "silent_failures";

    public override HealthResult Check(MonitoringSnapshot snapshot)
        => HealthyIfNone(
            snapshot.SumOf(Signals.SilentFailures) + snapshot[Signals.StalledRuns] + snapshot[Signals.StuckTools],
            "silent failures, stalled runs or stuck tools");
}
