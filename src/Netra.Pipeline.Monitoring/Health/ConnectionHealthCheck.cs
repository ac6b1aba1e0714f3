using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Checks that connections are stable: few are dropped, and no user with waiting events is without one.</summary>
internal sealed class ConnectionHealthCheck(ConnectionRegistry connections, ConnectionDrops drops) : PipelineHealthCheck
{
    // Fewer drops are too few for a share.
    private const int MinDrops = 10;
    private const double MaxShare = 0.2;
    private const double CriticalShare = 0.5;

    public override string Name => "connection_stability";

    public override HealthResult Check(MonitoringSnapshot snapshot)
    {
        var (dropped, open, waiting) = (drops.LastMinute, connections.Count, snapshot[Signals.UsersWaitingWithoutConnections]);
        var share = dropped / Math.Max(1.0, dropped + open);
        var numbers = new[] { ("connections", (double)open), ("dropped_last_minute", dropped), ("waiting_users", waiting) };
        return waiting > 0 ? Result(HealthStatus.Degraded, $"events wait for {waiting:F0} users and nobody is connected", numbers)
            : dropped >= MinDrops && share > MaxShare
                ? Result(
                    share > CriticalShare ? HealthStatus.Unhealthy : HealthStatus.Degraded,
                    $"{dropped:F0} connections were dropped in the last minute, {share:P0} of all",
                    numbers)
            : Result(HealthStatus.Healthy, $"{open} connections, {dropped:F0} dropped in the last minute", numbers);
    }
}
