using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Alerting.Operators;
using Netra.Pipeline.Alerting.Trends;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Alerting.Hosting;

/// <summary>Registers the parts of alerting.</summary>
internal static class AlertingServices
{
    public static void Add(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(AlertEndpoints)))
        {
            return;
        }

        AddOptions(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<PipelineModule, AlertingModule>());

        // The rule warns at twice the average that the health check takes for degraded, and is critical at ten times.
        services.TryAddSingleton(static provider =>
        {
            var monitoring = provider.GetRequiredService<IOptions<MonitoringOptions>>().Value;
            return new AlertRules(monitoring.MinSuccessRate, 2 * monitoring.MaxDeliveryLatency);
        });

        // Alerts end with the process where events do.
        services.TryAddSingleton(static provider => new AlertStorage(
            provider.GetRequiredService<IEventLog>() is InMemoryEventLog
                ? null
                : provider.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory));
        services.TryAddSingleton(static provider => new TrendKeeper(
            provider.GetRequiredService<TrendRings>(),
            provider.GetRequiredService<AlertStorage>(),
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<FailureReporter>(),
            provider.GetRequiredService<ServedTime>()));
        services.TryAddSingleton(static provider => new OperatorActionLog(
            provider.GetRequiredService<ILoggerFactory>().CreateLogger(OperatorActionLog.Category)));
        services.TryAddSingleton(static provider => new AlertCenter(
            provider.GetRequiredService<AlertChannels>().All,
            provider.GetRequiredService<AlertRules>(),
            provider.GetRequiredService<AlertStorage>(),
            provider.GetRequiredService<IOptions<AlertingOptions>>(),
            provider.GetRequiredService<FailureReporter>(),
            provider.GetRequiredService<OperatorActionLog>(),
            provider.GetRequiredService<ILogger<AlertCenter>>(),
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ServedTime>()));
        services.Replace(ServiceDescriptor.Singleton<AlertSink, AlertCenterSink>());
        AddChannels(services);
        services.TryAddSingleton<AlertEndpoints>();
        services.TryAddSingleton<AlertConfigurationEndpoints>();
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.AddSection<AlertingOptions>("Netra:Alerting");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AlertingOptions>, AlertingOptionsValidator>());

        // The variables that operators know from the system that this one replaces.
        services.AddEnvironment<AlertingOptions>(
            EnvironmentSetting<AlertingOptions>.Switch("WEBSOCKET_ALERT_ENABLED", static (options, value) => options.Enabled = value),
            EnvironmentSetting<AlertingOptions>.Number(
                "WEBSOCKET_ALERT_COOLDOWN_MINUTES",
                0,
                1440,
                static (options, minutes) => options.Cooldown = TimeSpan.FromMinutes(minutes)));
    }

    // A channel exists when its key or URL is configured.
    private static void AddChannels(IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<INotifier, LogNotifier>());
        services.TryAddSingleton<ChannelHttp>();
        AddChannel<PagerDutyNotifier, PagerDutyOptions>(services, "Netra:Alerting:PagerDuty");
        AddChannel<SlackNotifier, SlackOptions>(services, "Netra:Alerting:Slack");
        AddChannel<SignedWebhookNotifier, AlertWebhookOptions>(services, "Netra:Alerting:Webhook");
        AddChannel<EmailNotifier, EmailOptions>(services, "Netra:Alerting:Email");
        AddChannel<AlertmanagerNotifier, AlertmanagerOptions>(services, "Netra:Alerting:Alertmanager");

        // What is configured is known when the host starts and not when services are registered.
        services.TryAddSingleton(static provider => new AlertChannels(
        [
            .. provider.GetServices<INotifier>(),
            .. Configured<PagerDutyNotifier, PagerDutyOptions>(provider, static options => options.RoutingKey),
            .. Configured<SlackNotifier, SlackOptions>(provider, static options => options.Url),
            .. Configured<SignedWebhookNotifier, AlertWebhookOptions>(provider, static options => options.Url),
            .. Configured<EmailNotifier, EmailOptions>(provider, static options => options.Host),
            .. Configured<AlertmanagerNotifier, AlertmanagerOptions>(provider, static options => options.Url),
        ]));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, AlertmanagerRefresh>());
    }

    private static void AddChannel<TNotifier, TOptions>(IServiceCollection services, string section)
        where TNotifier : class, INotifier
        where TOptions : class
    {
        services.AddSection<TOptions>(section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton(typeof(IValidateOptions<TOptions>), typeof(ChannelOptionsValidator)));
        services.TryAddSingleton<TNotifier>();
    }

    private static IEnumerable<INotifier> Configured<TNotifier, TOptions>(IServiceProvider provider, Func<TOptions, string?> keyOf)
        where TNotifier : class, INotifier
        where TOptions : class
        => string.IsNullOrEmpty(keyOf(provider.GetRequiredService<IOptions<TOptions>>().Value))
            ? []
            : [provider.GetRequiredService<TNotifier>()];
}
