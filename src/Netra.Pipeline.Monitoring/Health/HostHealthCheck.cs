using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Gives a verdict of the board to the host's own health checks, under <c>netra_</c> and the check's name, with the tag <c>netra</c>.</summary>
/// <param name="board">The board.</param>
/// <param name="name">The check.</param>
internal sealed class HostHealthCheck(PipelineHealth board, string name) : IHealthCheck
{
    public static readonly string[] Names =
    [
        PipelineHealth.Overall, "bridge_initialization", "notification_delivery", "silent_failures", "user_isolation", "connection_stability", "performance", "memory_and_resources",
    ];

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var verdict = board.VerdictOf(name);
        return Task.FromResult(new HealthCheckResult(verdict.Status, verdict.Description, exception: null, verdict.Data));
    }
}
