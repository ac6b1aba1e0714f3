using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The channel <c>pagerduty</c>: Events API v2. An incident is one alert of PagerDuty, identified by its key; an escalation triggers it
/// again, with the level among its details, or at the service of the level's own key. Stateless.
/// </summary>
internal sealed class PagerDutyNotifier(IOptions<PagerDutyOptions> options, ChannelHttp http) : INotifier
{
    // Limits of the API: characters of a summary, bytes of an event.
    private const int MaxSummary = 1024;
    private const int MaxBody = 512_000;

    private readonly PagerDutyOptions _options = options.Value;
    private readonly Uri _url = new(options.Value.Url);

    public string Name => "pagerduty";

    /// <inheritdoc/>
    /// <remarks>PagerDuty accepts about 120 events a minute for an integration.</remarks>
    public TimeSpan MinInterval => TimeSpan.FromMilliseconds(500);

    public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var key = KeyOf(notification.Level);
        var body = ChannelJson.Encode(json => WriteEvent(json, notification, key, WriteDetails));
        if (body.Length > MaxBody)
        {
            var length = body.Length;
            body = ChannelJson.Encode(json => WriteEvent(json, notification, key, (details, _) => details.WriteString(
                "error", $"The details are left out: with them the event has {length} bytes, and {MaxBody} are taken.")));
        }

        return http.PostAsync(new ChannelPost(_url, body) { Secret = key }, cancellationToken);
    }

    private static string ActionOf(NotificationKind kind) => kind switch
    {
        NotificationKind.Trigger or NotificationKind.Escalate => "trigger",
        NotificationKind.Acknowledge => "acknowledge",
        NotificationKind.Resolve => "resolve",
        _ => throw new UnreachableException($"Kind {kind} has no action."),
    };

    private static string SeverityOf(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Low => "info",
        AlertSeverity.Medium => "warning",
        AlertSeverity.High => "error",
        AlertSeverity.Critical => "critical",
        _ => throw new UnreachableException($"Severity {severity} has no counterpart."),
    };

    private static void WriteDetails(Utf8JsonWriter json, AlertNotification notification)
    {
        json.WriteString("description", notification.Description);
        json.WriteString("level", AlertNames.Of(notification.Level));
        json.WriteString("severity", AlertNames.Of(notification.Severity));
        ChannelJson.WriteValue(json, "value", notification.Value);
        ChannelJson.WriteValue(json, "threshold", notification.Threshold);
        ChannelJson.WriteLabels(json, "labels", notification.Labels);
    }

    private void WriteEvent(
        Utf8JsonWriter json, AlertNotification notification, string key, Action<Utf8JsonWriter, AlertNotification> writeDetails)
    {
        json.WriteStartObject();
        json.WriteString("routing_key", key);
        json.WriteString("event_action", ActionOf(notification.Kind));
        json.WriteString("dedup_key", notification.IncidentKey);
        if (notification.Kind is NotificationKind.Trigger or NotificationKind.Escalate)
        {
            json.WriteString("client", "Netra.Pipeline");
            json.WriteStartObject("payload");
            json.WriteString("summary", ChannelText.Cut(notification.Summary, MaxSummary));
            json.WriteString("source", _options.Source);
            json.WriteString("severity", SeverityOf(notification.Severity));
            json.WriteString("timestamp", ChannelText.Iso(notification.StartsAt));
            json.WriteString("component", "netra-pipeline");
            json.WriteString("class", notification.RuleName);
            json.WriteStartObject("custom_details");
            writeDetails(json, notification);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private string KeyOf(EscalationLevel level)
    {
        var own = level switch
        {
            EscalationLevel.Operations => null,
            EscalationLevel.Engineering => _options.EngineeringRoutingKey,
            EscalationLevel.Management => _options.ManagementRoutingKey,
            EscalationLevel.Executive => _options.ExecutiveRoutingKey,
            _ => throw new UnreachableException($"Level {level} has no key."),
        };
        return string.IsNullOrEmpty(own) ? _options.RoutingKey! : own;
    }
}

/// <summary>The channel <c>pagerduty</c>. Configuration section <c>Netra:Alerting:PagerDuty</c>.</summary>
public sealed class PagerDutyOptions
{
    /// <summary>
    /// The integration key of the service that is notified: 32 letters and digits. Default none: there is no such channel.
    /// </summary>
    public string? RoutingKey { get; set; }

    /// <summary>The key for the level <c>engineering</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? EngineeringRoutingKey { get; set; }

    /// <summary>The key for the level <c>management</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? ManagementRoutingKey { get; set; }

    /// <summary>The key for the level <c>executive</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? ExecutiveRoutingKey { get; set; }

    /// <summary>
    /// Where events are posted: an absolute <c>https</c> URL, or an <c>http</c> one of this machine. Default
    /// <c>https://events.pagerduty.com/v2/enqueue</c>.
    /// </summary>
    public string Url { get; set; } = "https://events.pagerduty.com/v2/enqueue";

    /// <summary>The source of the events: the affected machine or service. 1 to 255 characters, default the machine's name.</summary>
    [Length(1, 255)]
    public string Source { get; set; } = Environment.MachineName;
}
