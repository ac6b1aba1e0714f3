using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Checks that the process does not leak memory, or run out of handles or threads.</summary>
internal sealed class ResourceHealthCheck(ResourceTrend resources) : PipelineHealthCheck
{
    private const double MaxGrowth = 256 * 1024 * 1024;
    private const double MaxHandleUsage = 0.8;
    private const double MaxThreadDelay = 1;

    public override string Name => "memory_and_resources";

    public override HealthResult Check(MonitoringSnapshot snapshot)
    {
        var (growth, handles, delay) = (snapshot[Signals.MemoryGrowth], snapshot[Signals.HandleUsage], snapshot[Signals.ThreadPoolDelay]);
        var numbers = new[]
        {
            ("working_set_bytes", (double)resources.Latest.WorkingSetBytes),
            ("growth_bytes_per_hour", growth),
            ("handle_usage", handles),
            ("thread_pool_delay_s", delay),
        };
        return delay > MaxThreadDelay ? Result(HealthStatus.Unhealthy, $"work waits {delay:F1} s for a thread of the pool", numbers)
            : handles > MaxHandleUsage ? Result(HealthStatus.Unhealthy, $"{handles:P0} of the file handles are open", numbers)
            : growth > MaxGrowth ? Result(
                HealthStatus.Degraded, $"memory has grown by {growth / (1024 * 1024):F0} MiB an hour, and does not come back", numbers)
            : Result(HealthStatus.Healthy, "no leak, handles and threads suffice", numbers);
    }
}
