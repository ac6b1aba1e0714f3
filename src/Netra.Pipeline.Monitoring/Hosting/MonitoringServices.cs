using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Hosting;

/// <summary>Registers the parts of monitoring.</summary>
internal static class MonitoringServices
{
    public static void Add(IServiceCollection services)
    {
        services.TryAddSingleton<UserMetricsTable>();
        services.Replace(ServiceDescriptor.Singleton<StreamObservers>(static provider => provider.GetRequiredService<UserMetricsTable>()));
        services.TryAddSingleton<FailureCounts>();
        services.TryAddSingleton<DeliveryLatencies>();
        services.TryAddSingleton<ConnectionDrops>();
        services.TryAddSingleton<WaitingUsers>();
        services.TryAddSingleton<SuccessRate>();
        services.TryAddSingleton<CriticalLogs>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, CriticalLogs>(static provider => provider.GetRequiredService<CriticalLogs>()));
        services.TryAddSingleton<PipelineObservation>();
        services.TryAddSingleton<ConnectionMonitor>();
        services.TryAddSingleton<EmergencyMode>();
        services.TryAddSingleton(static provider => LimitsOf(provider.GetRequiredService<IOptions<MonitoringOptions>>().Value));
        services.TryAddSingleton(static provider => new RunClock(provider.GetRequiredService<ServedTime>()));
        services.TryAddSingleton<RunRegistry>();
        services.TryAddSingleton<SignalReader>();
        services.TryAddSingleton<SnapshotHistory>();
        services.TryAddSingleton(AlertSink.None);
        services.TryAddSingleton<PipelineMonitor>();
        AddHealth(services);
        AddRemediation(services);
    }

    private static RunLimits LimitsOf(MonitoringOptions options)
        => new(options.Enabled, options.RunLease, options.MaxRunSilence, options.BrokenRequestLease, options.StuckToolAfter, options.MaxWatchedRuns);

    private static void AddHealth(IServiceCollection services)
    {
        services.TryAddSingleton<CanaryPass>();
        services.TryAddSingleton<PublicPort>();
        services.TryAddSingleton<LocalFaults>();
        services.TryAddSingleton<Canary>();
        services.TryAddSingleton<LatencyBaseline>();
        services.TryAddSingleton<ResourceSampler>(static _ => ProcessResources.Read);
        services.TryAddSingleton<ResourceTrend>();
        services.TryAddSingleton<ThreadPoolProbe>();
        services.TryAddSingleton<PipelineHealth>();
        services.TryAddEnumerable(
        [
            ServiceDescriptor.Singleton<PipelineHealthCheck, BridgeHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, DeliveryHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, SilentFailureHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, IsolationHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, ConnectionHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, PerformanceHealthCheck>(),
            ServiceDescriptor.Singleton<PipelineHealthCheck, ResourceHealthCheck>(),
        ]);
        var checks = services.AddHealthChecks();
        foreach (var name in HostHealthCheck.Names)
        {
            checks.Add(new HealthCheckRegistration(
                $"netra_{name}", provider => new HostHealthCheck(provider.GetRequiredService<PipelineHealth>(), name), failureStatus: null, tags: ["netra"]));
        }
    }

    private static void AddRemediation(IServiceCollection services)
    {
        services.TryAddSingleton<BridgeInitializations>();
        services.TryAddSingleton<RemediationLog>();
        services.TryAddSingleton<BridgeRemediation>();
        services.TryAddSingleton<ConnectionRecovery>();
        services.TryAddSingleton<OverloadRemediation>();
    }
}
