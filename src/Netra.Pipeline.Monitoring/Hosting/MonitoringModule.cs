using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Hosting;

/// <summary>Monitoring's instruments, loops and routes. Stateless.</summary>
internal sealed partial class MonitoringModule(IServiceProvider services, ILogger<MonitoringModule> logger) : PipelineModule
{
    public override void OnStarting()
    {
        if (!services.GetRequiredService<IOptions<MonitoringOptions>>().Value.Enabled)
        {
            Log.MonitoringDisabled(logger);
        }

        // Nothing else resolves the first one; the second counts failures from here on, those of the start included.
        services.GetRequiredService<StateMetrics>();
        services.GetRequiredService<FailureCounts>();
    }

    public override IEnumerable<BackgroundLoop> Loops()
    {
        var (watch, log) = (services.GetRequiredService<BackgroundWatch>(), services.GetRequiredService<IEventLog>());
        var monitor = services.GetRequiredService<PipelineMonitor>();
        return
        [
            BackgroundLoop.Guard("monitor", () =>
            {
                // It checks the loops too, so that a failure of the others does not leave them unwatched.
                watch.OnTick(log.Trouble is not null);
                monitor.OnTick();
            }),
            BackgroundLoop.Guard("dashboards", services.GetRequiredService<DashboardFeeds>().OnTick),
            BackgroundLoop.Waiting("canary", services.GetRequiredService<Canary>().RoundAsync),
            BackgroundLoop.Waiting(
                "remediation", services.GetRequiredService<BridgeRemediation>().RoundAsync, BackgroundLoops.LongPatience),
        ];
    }

    public override ValueTask EraseAsync(string userId, CancellationToken cancellationToken)
    {
        services.GetRequiredService<UserMetricsTable>().Erase(userId);
        return ValueTask.CompletedTask;
    }

    public override void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
        HealthEndpoints.Map(open);
        OpenApiEndpoint.Map(open);
        LedgerEndpoint.Map(guarded);
        EventTraceEndpoint.Map(guarded);
        UndeliveredEndpoint.Map(guarded);
        ErasureEndpoint.Map(guarded);
        DeadLetterEndpoints.Map(guarded);
        StatusEndpoints.Map(guarded);
        UserMetricsEndpoints.Map(guarded);
        EmergencyEndpoints.Map(guarded);
        DrainEndpoints.Map(guarded);
        DashboardEndpoint.Map(guarded);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.MonitoringDisabled,
            LogLevel.Warning,
            "MONITORING IS OFF (Netra:Monitoring:Enabled, WEBSOCKET_MONITOR_ENABLED): silent failures, stalled runs, "
                + "canaries and health are not watched, "
                + "and no rule is evaluated",
            EventName = nameof(EventIds.MonitoringDisabled))]
        public static partial void MonitoringDisabled(ILogger logger);
    }
}
