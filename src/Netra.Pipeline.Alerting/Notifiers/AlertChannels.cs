using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// All channels there are: those that the host has registered as <see cref="INotifier"/>, and those that the configuration has. Which ones it has is known when the host starts and not when services are
/// registered, so they are asked for here. Immutable.
/// </summary>
internal sealed class AlertChannels
{
    public AlertChannels(IEnumerable<INotifier> registered, IServiceProvider services)
    {
        var all = new List<INotifier>(registered);
        Add<PagerDutyNotifier, PagerDutyOptions>(static options => options.RoutingKey);
        Add<SlackNotifier, SlackOptions>(static options => options.Url);
        Add<SignedWebhookNotifier, AlertWebhookOptions>(static options => options.Url);
        Add<EmailNotifier, EmailOptions>(static options => options.Host);
        Add<AlertmanagerNotifier, AlertmanagerOptions>(static options => options.Url);
        All = all;
        if (all.GroupBy(static channel => channel.Name, StringComparer.Ordinal).FirstOrDefault(static same => same.Skip(1).Any()) is { } doubled)
        {
            throw new InvalidOperationException($"Two alert channels are called {doubled.Key}: {string.Join(" and ", doubled.Select(static channel => channel.GetType().Name))}.");
        }

        void Add<TNotifier, TOptions>(Func<TOptions, string?> keyOf)
            where TNotifier : class, INotifier
            where TOptions : class
        {
            if (!string.IsNullOrEmpty(keyOf(services.GetRequiredService<IOptions<TOptions>>().Value)))
            {
                all.Add(services.GetRequiredService<TNotifier>());
            }
        }
    }

    /// <summary>All of them, in no order that means anything. No two have the same name.</summary>
    public IReadOnlyList<INotifier> All { get; }

    /// <summary>Adds the channels, and the loop that Alertmanager needs. Each one is there when its key or URL is configured.</summary>
    public static void AddAlertChannels(IServiceCollection services)
    {
        AddChannel<PagerDutyNotifier, PagerDutyOptions>(services, "Netra:Alerting:PagerDuty");
        AddChannel<SlackNotifier, SlackOptions>(services, "Netra:Alerting:Slack");
        AddChannel<SignedWebhookNotifier, AlertWebhookOptions>(services, "Netra:Alerting:Webhook");
        AddChannel<EmailNotifier, EmailOptions>(services, "Netra:Alerting:Email");
        AddChannel<AlertmanagerNotifier, AlertmanagerOptions>(services, "Netra:Alerting:Alertmanager");
        services.TryAddSingleton<ChannelHttp>();
        services.TryAddSingleton<AlertChannels>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, AlertmanagerRefresh>());
    }

    private static void AddChannel<TNotifier, TOptions>(IServiceCollection services, string section)
        where TNotifier : class, INotifier
        where TOptions : class
    {
        services.AddSection<TOptions>(section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton(typeof(IValidateOptions<TOptions>), typeof(AlertChannelsValidator)));
        services.TryAddSingleton<TNotifier>();
    }
}
