using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Checks the share of due events that are acknowledged, by default at least 95 %, critical below 90 %; and that every event is accounted
/// for and stored.
/// </summary>
internal sealed class DeliveryHealthCheck(IOptions<MonitoringOptions> options) : PipelineHealthCheck
{
    private const double Distance = 0.05;

    public override string Name => "notification_delivery";

    public override HealthResult Check(MonitoringSnapshot snapshot)
    {
        var (rate, min) = (snapshot[Signals.SuccessRate], options.Value.MinSuccessRate);
        var (unaccounted, trouble) = (snapshot[Signals.Unaccounted], snapshot[Signals.LogTrouble]);
        var numbers = new[] { ("success_rate", rate), ("min_success_rate", min), ("unaccounted", unaccounted) };
        return (rate, unaccounted, trouble) switch
        {
            (_, not 0, _) => Result(HealthStatus.Unhealthy, $"{unaccounted:F0} events have no accounted outcome", numbers),
            (_, _, not 0) => Result(HealthStatus.Unhealthy, "the log stores nothing at the moment", numbers),
            _ when rate < min - Distance => Result(
                HealthStatus.Unhealthy, $"{rate:P1} of what was due is acknowledged; below {min - Distance:P0} is critical", numbers),
            _ when rate < min => Result(HealthStatus.Degraded, $"{rate:P1} of what was due is acknowledged; it must be {min:P0}", numbers),
            _ => Result(HealthStatus.Healthy, $"{rate:P1} of what was due is acknowledged", numbers),
        };
    }
}
