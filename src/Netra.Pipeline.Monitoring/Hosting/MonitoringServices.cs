using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Hosting;

/// <summary>Registers the parts of monitoring.</summary>
internal static class MonitoringServices
{
    public static void Add(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(StateMetrics)))
        {
            return;
        }

        AddOptions(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<PipelineModule, MonitoringModule>());
        services.TryAddSingleton<StateMetrics>();
        services.TryAddSingleton<UserMetricsTable>();
        services.Replace(ServiceDescriptor.Singleton<StreamObservers>(static provider => provider.GetRequiredService<UserMetricsTable>()));
        services.TryAddSingleton<FailureCounts>();
        services.TryAddSingleton<DeliveryLatencies>();
        services.TryAddSingleton<ConnectionDrops>();
        services.TryAddSingleton<WaitingUsers>();
        services.TryAddSingleton<SuccessRate>();
        services.TryAddSingleton<CriticalLogs>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<ILoggerProvider, CriticalLogs>(static provider => provider.GetRequiredService<CriticalLogs>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ConnectionObserver, ConnectionMonitor>());
        services.Replace(
            ServiceDescriptor.Singleton(static provider => LimitsOf(
                provider.GetRequiredService<IOptions<MonitoringOptions>>().Value,
                provider.GetRequiredService<IOptions<StreamOptions>>().Value)));
        services.TryAddSingleton<SignalReader>();
        services.TryAddSingleton<TrendRings>();
        services.TryAddSingleton<ProcessorTime>(static _ => static () => Environment.CpuUsage.TotalTime);
        services.TryAddSingleton<TrendReader>();
        services.TryAddSingleton<Capacity>();
        services.TryAddSingleton(AlertSink.None);
        services.TryAddSingleton<PipelineMonitor>();
        AddHealth(services);
        AddRemediation(services);
        AddRoutes(services);
    }

    // With the variables that operators know from the system that this one replaces.
    private static void AddOptions(IServiceCollection services)
    {
        services.AddSection<MonitoringOptions>("Netra:Monitoring");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MonitoringOptions>, MonitoringOptionsValidator>());
        services.AddEnvironment<MonitoringOptions>(
            EnvironmentSetting<MonitoringOptions>.Switch("WEBSOCKET_MONITOR_ENABLED", static (options, value) => options.Enabled = value),
            EnvironmentSetting<MonitoringOptions>.Number(
                "WEBSOCKET_HEALTH_CHECK_INTERVAL",
                1,
                3600,
                static (options, seconds) => options.HealthCheckInterval = TimeSpan.FromSeconds(seconds)),
            EnvironmentSetting<MonitoringOptions>.Number(
                "WEBSOCKET_MIN_SUCCESS_RATE", 0.5, 1, static (options, rate) => options.MinSuccessRate = rate),
            EnvironmentSetting<MonitoringOptions>.Number(
                "WEBSOCKET_MAX_DELIVERY_LATENCY",
                1,
                60_000,
                static (options, ms) => options.MaxDeliveryLatency = TimeSpan.FromMilliseconds(ms)));
    }

    private static void AddRoutes(IServiceCollection services)
    {
        services.TryAddSingleton<OperatorAudit>();
        services.TryAddSingleton<OperatorRoute>();
        services.TryAddSingleton<LedgerEndpoint>();
        services.TryAddSingleton<ErasureEndpoint>();
        services.TryAddSingleton<EventTraceEndpoint>();
        services.TryAddSingleton<UndeliveredEndpoint>();
        services.TryAddSingleton<DeadLetterEndpoints>();
        services.TryAddSingleton<HealthView>();
        services.TryAddSingleton<HealthEndpoints>();
        services.TryAddSingleton<UserMetricsView>();
        services.TryAddSingleton<UserMetricsEndpoints>();
        services.TryAddSingleton<EmergencyEndpoints>();
        services.TryAddSingleton<DrainView>();
        services.TryAddSingleton<DrainEndpoints>();
        services.TryAddSingleton<SystemView>();
        services.TryAddSingleton<StatusEndpoints>();
        services.TryAddSingleton<DashboardView>();
        services.TryAddSingleton<DashboardFeeds>();
        services.TryAddSingleton<DashboardEndpoint>();
    }

    private static RunLimits LimitsOf(MonitoringOptions options, StreamOptions streams)
        => new(
            options.Enabled,
            options.RunLease,
            options.MaxRunSilence,
            options.BrokenRequestLease,
            options.StuckToolAfter,
            options.MaxWatchedRuns)
        {
            QuestionsKept = streams.Retention,
        };

    private static void AddHealth(IServiceCollection services)
    {
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
                $"netra_{name}",
                provider => new HostHealthCheck(provider.GetRequiredService<PipelineHealth>(), name),
                failureStatus: null,
                tags: ["netra"]));
        }
    }

    private static void AddRemediation(IServiceCollection services)
    {
        services.TryAddSingleton<RemediationLog>();
        services.TryAddSingleton<BridgeRemediation>();
        services.TryAddSingleton<ConnectionRecovery>();
        services.TryAddSingleton<OverloadRemediation>();
    }
}
