using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>A health check of the pipeline, on the snapshot of the last second. Stateless; safe from any thread.</summary>
internal abstract class PipelineHealthCheck
{
    public abstract string Name { get; }

    public abstract HealthResult Check(MonitoringSnapshot snapshot);

    protected HealthResult Result(HealthStatus status, string description, params ReadOnlySpan<(string Key, double Value)> numbers)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in numbers)
        {
            data[key] = value;
        }

        return new HealthResult(Name, status, description, data);
    }

    /// <summary>Healthy while a count is 0.</summary>
    protected HealthResult HealthyIfNone(double count, string what, HealthStatus otherwise = HealthStatus.Unhealthy)
        => count == 0
            ? Result(HealthStatus.Healthy, $"no {what}", ("count", count))
            : Result(otherwise, $"{count:F0} {what}; the target is 0", ("count", count));
}

/// <summary>The result of a health check.</summary>
/// <param name="Name">The check.</param>
/// <param name="Status">Healthy, degraded or unhealthy.</param>
/// <param name="Description">Why, for people, without naming a user.</param>
/// <param name="Data">The numbers.</param>
internal sealed record HealthResult(string Name, HealthStatus Status, string Description, IReadOnlyDictionary<string, object> Data);
