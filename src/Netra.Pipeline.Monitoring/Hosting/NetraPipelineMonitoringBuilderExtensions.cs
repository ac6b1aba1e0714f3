using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Hosting;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds monitoring.</summary>
public static class NetraPipelineMonitoringBuilderExtensions
{
    /// <summary>
    /// Watches the pipeline: metrics per user, the flow of runs, health checks, the canary, remediation, and the operators' routes.
    /// Options: configuration section <c>Netra:Monitoring</c>.
    /// </summary>
    /// <param name="builder">The pipeline's builder.</param>
    /// <returns>The same builder.</returns>
    public static NetraPipelineBuilder AddMonitoring(this NetraPipelineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        MonitoringServices.Add(builder.Services);
        return builder;
    }
}
