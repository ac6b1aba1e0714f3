using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The channel <c>alertmanager</c>: API v2. An Alertmanager takes an alert for over that it is not told of again, so what has been told is kept and told again until it is resolved, and for 5 minutes after. An alert has the labels
/// <c>alertname</c>, <c>severity</c>, <c>level</c> and <c>incident</c>, and those of the rule; an escalation is another alert, of the next level, and a resolution ends the alerts of all levels.
/// </summary>
/// <remarks>
/// One notification at a time, and one round, may run in parallel; a lock guards the alerts that are kept. What is kept ends with the process: <see cref="Restore"/> says how it comes back.
/// </remarks>
internal sealed class AlertmanagerNotifier : StatefulNotifier
{
    // An alert that is not told again is over after so many intervals, as Prometheus has it.
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

    /// <summary>How many alerts are told again.</summary>
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

    // What cannot be told now is told in the next round as well; the caller's further tries are the same alerts again.
    public override async Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var alerts = Take(notification);
        try
        {
            await TellAsync(alerts, cancellationToken);
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

    /// <summary>Tells again what is kept. Called once in a resend interval.</summary>
    /// <exception cref="NotificationFailedException">It was not taken.</exception>
    public Task RefreshAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<AlertmanagerAlert> alerts;
        lock (_gate)
        {
            _alerts.Forget(_time.GetUtcNow());
            alerts = _alerts.All;
        }

        return TellAsync(alerts, cancellationToken);
    }

    private IReadOnlyList<AlertmanagerAlert> Take(AlertNotification notification)
    {
        lock (_gate)
        {
            return _alerts.Take(notification, _time.GetUtcNow());
        }
    }

    private Task TellAsync(IReadOnlyList<AlertmanagerAlert> alerts, CancellationToken cancellationToken)
        => alerts.Count == 0 ? Task.CompletedTask : _http.PostAsync(new ChannelPost(_url, ChannelJson.Encode(json => Write(json, alerts))), cancellationToken);

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
