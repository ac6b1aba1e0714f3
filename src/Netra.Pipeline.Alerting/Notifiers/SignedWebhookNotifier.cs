using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The channel <c>webhook</c>: JSON to a receiver of the operator's choice, signed by Standard Webhooks. A receiver recognizes a repetition
/// by <c>webhook-id</c>. Stateless.
/// </summary>
internal sealed class SignedWebhookNotifier(IOptions<AlertWebhookOptions> options, ChannelHttp http, TimeProvider time) : INotifier
{
    private readonly Uri _url = new(options.Value.Url!);
    private readonly WebhookSignature _signature = new(options.Value.Secret!);

    public string Name => "webhook";

    public TimeSpan MinInterval => TimeSpan.Zero;

    public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var body = ChannelJson.Encode(json => Write(json, notification));
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        return http.PostAsync(
            new ChannelPost(_url, body)
            {
                Headers =
                [
                    new("webhook-id", notification.Id),
                    new("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture)),
                    new("webhook-signature", _signature.Sign(notification.Id, timestamp, body)),
                ],
            },
            cancellationToken);
    }

    private static void Write(Utf8JsonWriter json, AlertNotification notification)
    {
        json.WriteStartObject();
        json.WriteString("type", "alert");
        json.WriteNumber("timestamp", DeadLetterJson.SecondsOf(notification.At));
        json.WriteString("id", notification.Id);
        json.WriteString("kind", AlertNames.Of(notification.Kind));
        json.WriteString("incident_key", notification.IncidentKey);
        json.WriteString("rule", notification.RuleName);
        json.WriteString("severity", AlertNames.Of(notification.Severity));
        json.WriteString("level", AlertNames.Of(notification.Level));
        json.WriteString("summary", notification.Summary);
        json.WriteString("description", notification.Description);
        json.WriteNumber("starts_at", DeadLetterJson.SecondsOf(notification.StartsAt));
        if (notification.EndsAt is { } endsAt)
        {
            json.WriteNumber("ends_at", DeadLetterJson.SecondsOf(endsAt));
        }

        if (notification.AcknowledgedBy is { } author)
        {
            json.WriteString("acknowledged_by", author);
        }

        ChannelJson.WriteValue(json, "value", notification.Value);
        ChannelJson.WriteValue(json, "threshold", notification.Threshold);
        ChannelJson.WriteLabels(json, "labels", notification.Labels);
        json.WriteEndObject();
    }
}

/// <summary>The channel <c>webhook</c>, signed by Standard Webhooks. Configuration section <c>Netra:Alerting:Webhook</c>.</summary>
public sealed class AlertWebhookOptions
{
    /// <summary>
    /// The receiver, an absolute <c>http</c> or <c>https</c> URL. Default none: there is no such channel. Needs <see cref="Secret"/>.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The signing secret: <c>whsec_</c> and 24 to 64 bytes in base64. Default none. Needs <see cref="Url"/>.</summary>
    public string? Secret { get; set; }
}
