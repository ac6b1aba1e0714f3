using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Checks that delivery is quick: by default below 1 s on average, critical above 5 s, and not many times slower than in its own past.
/// </summary>
internal sealed class PerformanceHealthCheck(SuccessRate success, IOptions<MonitoringOptions> options) : PipelineHealthCheck
{
    private const int CriticalTimes = 5;
    private const double MaxDegradation = 3;

    public override string Name => "performance";

    public override HealthResult Check(MonitoringSnapshot snapshot)
    {
        var (latency, limit) = (snapshot.Delivery.Mean.TotalSeconds, options.Value.MaxDeliveryLatency.TotalSeconds);
        var degradation = snapshot[Signals.LatencyDegradation];
        var numbers = new[]
        {
            ("latency_average_s", latency),
            ("latency_p50_s", snapshot.Delivery.Percentile(0.5).TotalSeconds),
            ("latency_p95_s", snapshot.Delivery.Percentile(0.95).TotalSeconds),
            ("latency_p99_s", snapshot.Delivery.Percentile(0.99).TotalSeconds),
            ("accepted_last_minute", success.Accepted),
            ("degradation", degradation),
        };
        var critical = limit * CriticalTimes;
        return latency > critical
                ? Result(HealthStatus.Unhealthy, $"events take {latency:F2} s on average; above {critical:F2} s is critical", numbers)
            : latency > limit
                ? Result(HealthStatus.Degraded, $"events take {latency:F2} s on average; the limit is {limit:F2} s", numbers)
            : degradation > MaxDegradation
                ? Result(HealthStatus.Degraded, $"events take {degradation:F1} times as long as usual", numbers)
            : Result(HealthStatus.Healthy, $"events take {latency * 1000:F1} ms on average", numbers);
    }
}
