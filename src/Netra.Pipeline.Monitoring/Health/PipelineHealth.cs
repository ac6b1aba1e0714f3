using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// The results of all health checks, and the overall result, which is as bad as the worst of them. <see cref="Check"/> is called by the
/// tick alone, once a second; the results may be read from any thread.
/// </summary>
internal sealed class PipelineHealth(IEnumerable<PipelineHealthCheck> checks, ConnectionDrops drops, ServedTime time)
{
    /// <summary>The overall check's name.</summary>
    public const string Overall = "system_overall";

    // Without it, results that are no longer renewed would say healthy for ever.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private IReadOnlyList<HealthResult> _results = [];
    private long _checkedAt;

    /// <summary>
    /// The results of the last second, the overall one first; empty before the first second and while monitoring is off. When they are
    /// older than half a minute, the overall one is unhealthy, whatever the others say.
    /// </summary>
    public IReadOnlyList<HealthResult> Results
    {
        get
        {
            var results = Volatile.Read(ref _results);
            var age = time.GetElapsedTime(Volatile.Read(ref _checkedAt));
            return results.Count > 0 && age >= MaxAge ? [Outdated(age), .. results.Skip(1)] : results;
        }
    }

    /// <summary>The result of a check; degraded for one that has no result yet.</summary>
    public HealthResult ResultOf(string name) => Results.FirstOrDefault(result => result.Name == name)
        ?? new HealthResult(
            name,
            HealthStatus.Degraded,
            "nothing has been measured: the pipeline starts, or its monitoring is switched off",
            new Dictionary<string, object>(StringComparer.Ordinal));

    /// <summary>Runs all checks on a snapshot.</summary>
    /// <returns>A reading for each check: 1 when it is unhealthy.</returns>
    public IReadOnlyList<SignalReading> Check(MonitoringSnapshot snapshot)
    {
        drops.OnTick();
        List<HealthResult> results = [.. checks.Select(check => check.Check(snapshot))];
        var readings = results
            .Select(static result
                => new SignalReading(Signals.UnhealthyChecks, result.Name, result.Status == HealthStatus.Unhealthy ? 1 : 0))
            .ToArray();
        results.Insert(0, OverallOf(results));
        Volatile.Write(ref _checkedAt, time.GetTimestamp());
        Volatile.Write(ref _results, results);
        return readings;
    }

    private static HealthResult Outdated(TimeSpan age) => new(
        Overall,
        HealthStatus.Unhealthy,
        $"nothing has been judged for {age.TotalSeconds:F0} s: the monitor hangs, or its rounds fail",
        new Dictionary<string, object>(StringComparer.Ordinal) { ["age_s"] = age.TotalSeconds });

    private static HealthResult OverallOf(List<HealthResult> results)
    {
        var worst = results.Min(static result => result.Status);
        var bad = results
            .Where(static result => result.Status != HealthStatus.Healthy)
            .Select(static result => result.Name)
            .ToArray();
        var description = bad.Length == 0 ? "all checks are healthy" : $"not healthy: {string.Join(", ", bad)}";
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["checks"] = results.Count };
        return new HealthResult(Overall, worst, description, data);
    }
}

/// <summary>
/// Offers a result to the host's own health checks, under <c>netra_</c> and the check's name, with the tag <c>netra</c>.
/// </summary>
/// <param name="health">The results.</param>
/// <param name="name">The check.</param>
internal sealed class HostHealthCheck(PipelineHealth health, string name) : IHealthCheck
{
    public static readonly string[] Names =
    [
        PipelineHealth.Overall,
        "bridge_initialization",
        "notification_delivery",
        "silent_failures",
        "user_isolation",
        "connection_stability",
        "performance",
        "memory_and_resources",
    ];

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var result = health.ResultOf(name);
        return Task.FromResult(new HealthCheckResult(result.Status, result.Description, exception: null, result.Data));
    }
}
