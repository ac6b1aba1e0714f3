using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The channel <c>alertmanager</c>: API v2. An Alertmanager takes an alert for resolved that is not sent again, so alerts are kept and sent
/// again until they are resolved, and for 5 minutes after. An alert has the labels <c>alertname</c>, <c>severity</c>, <c>level</c> and
/// <c>incident</c>, and those of the rule. An escalation is another alert, of the next level; a resolution ends the alerts of all levels.
/// </summary>
/// <remarks>
/// One notification at a time, and one refresh, may run in parallel; a lock guards the alerts. They are in memory alone: after a restart,
/// <see cref="Restore"/> brings them back.
/// </remarks>
internal sealed class AlertmanagerNotifier : StatefulNotifier
{
    // An alert that is not sent again is taken for resolved after so many intervals, as Prometheus has it.
    private const int IntervalsToEnd = 4;

    private readonly Lock _gate = new();
    private readonly AlertmanagerAlerts _alerts;
    private readonly AlertmanagerOptions _options;
    private readonly ChannelHttp _http;
    private readonly TimeProvider _time;
    private readonly Uri _url;

    public AlertmanagerNotifier(IOptions<AlertmanagerOptions> options, ChannelHttp http, TimeProvider time)
    {
        (_options, _http, _time) = (options.Value, http, time);
        _url = new Uri($"{options.Value.Url!.TrimEnd('/')}/api/v2/alerts");
        _alerts = new AlertmanagerAlerts(options.Value.MaxAlerts);
    }

    public override string Name => "alertmanager";

    public override TimeSpan MinInterval => TimeSpan.Zero;

    /// <summary>How many alerts are sent again.</summary>
    public int Kept
    {
        get
        {
            lock (_gate)
            {
                return _alerts.Count;
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotificationFailedException">There are too many.</exception>
    public override void Restore(AlertNotification notification) => Take(notification);

    // Alerts that cannot be sent now are sent with the next refresh as well; further tries of the outbox send the same alerts.
    public override async Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var alerts = Take(notification);
        try
        {
            await SendAsync(alerts, cancellationToken);
        }
        catch (NotificationFailedException exception) when (exception.IsPermanent)
        {
            lock (_gate)
            {
                _alerts.Drop(notification);
            }

            throw;
        }
    }

    /// <summary>Sends all alerts again. Called once in a resend interval.</summary>
    /// <exception cref="NotificationFailedException">The Alertmanager has not taken them.</exception>
    public Task RefreshAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<AlertmanagerAlert> alerts;
        lock (_gate)
        {
            _alerts.Forget(_time.GetUtcNow());
            alerts = _alerts.All;
        }

        return SendAsync(alerts, cancellationToken);
    }

    private IReadOnlyList<AlertmanagerAlert> Take(AlertNotification notification)
    {
        lock (_gate)
        {
            return _alerts.Take(notification, _time.GetUtcNow());
        }
    }

    private Task SendAsync(IReadOnlyList<AlertmanagerAlert> alerts, CancellationToken cancellationToken)
        => alerts.Count == 0
            ? Task.CompletedTask
            : _http.PostAsync(new ChannelPost(_url, ChannelJson.Encode(json => Write(json, alerts))), cancellationToken);

    private void Write(Utf8JsonWriter json, IReadOnlyList<AlertmanagerAlert> alerts)
    {
        var endOfFiring = _time.GetUtcNow() + (IntervalsToEnd * _options.ResendInterval);
        json.WriteStartArray();
        foreach (var alert in alerts)
        {
            json.WriteStartObject();
            ChannelJson.WriteLabels(json, "labels", alert.Labels);
            json.WriteStartObject("annotations");
            json.WriteString("summary", alert.Summary);
            json.WriteString("description", alert.Description);
            if (alert.AcknowledgedBy is { } author)
            {
                json.WriteString("acknowledged_by", author);
            }

            json.WriteEndObject();
            json.WriteString("startsAt", ChannelText.Iso(alert.StartsAt));
            json.WriteString("endsAt", ChannelText.Iso(alert.EndsAt ?? endOfFiring));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>The channel <c>alertmanager</c>: a Prometheus Alertmanager. Configuration section <c>Netra:Alerting:Alertmanager</c>.</summary>
public sealed class AlertmanagerOptions
{
    /// <summary>
    /// Its root, an absolute <c>http</c> or <c>https</c> URL such as <c>http://127.0.0.1:9093</c>. Default none: there is no such channel.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>
    /// How often firing alerts are sent again. Range 1 s to 5 min, default 1 min. An alert that is not sent for four times as long is taken
    /// for resolved.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ResendInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many alerts are sent again. Range 10 to 10,000, default 1,000. One more is refused, so that it is tried again later.
    /// </summary>
    [Range(10, 10_000)]
    public int MaxAlerts { get; set; } = 1_000;
}
