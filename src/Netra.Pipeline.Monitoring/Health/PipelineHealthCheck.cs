using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>One of the pipeline's health checks: judges the last second's snapshot. Stateless; safe from any thread.</summary>
internal abstract class PipelineHealthCheck
{
    public abstract string Name { get; }

    public abstract HealthResult Judge(MonitoringSnapshot snapshot);

    protected HealthResult Say(HealthStatus status, string description, params ReadOnlySpan<(string Key, double Value)> numbers)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in numbers)
        {
            data[key] = value;
        }

        return new HealthResult(Name, status, description, data);
    }

    /// <summary>Healthy while a count is 0.</summary>
    protected HealthResult None(double count, string what, HealthStatus otherwise = HealthStatus.Unhealthy)
        => Say(count == 0 ? HealthStatus.Healthy : otherwise, count == 0 ? $"no {what}" : $"{count:F0} {what}; the target is 0", ("count", count));
}
