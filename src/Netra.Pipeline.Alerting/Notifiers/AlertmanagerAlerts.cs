using System.Diagnostics;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The alerts that were sent to an Alertmanager, and are to be sent again: those that fire, and for 5 minutes those that are resolved. An
/// incident has one firing alert at each level. Bounded. Not thread-safe.
/// </summary>
/// <param name="limit">How many it holds.</param>
internal sealed class AlertmanagerAlerts(int limit)
{
    private static readonly TimeSpan AfterEnd = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Incident, EscalationLevel Level), AlertmanagerAlert> _firing = [];
    private readonly List<(AlertmanagerAlert Alert, DateTimeOffset Until)> _resolved = [];

    /// <summary>How many it holds.</summary>
    public int Count => _firing.Count + _resolved.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<AlertmanagerAlert> All => [.. _firing.Values, .. _resolved.Select(static item => item.Alert)];

    /// <summary>Applies a notification.</summary>
    /// <returns>The alerts that are to be sent for it.</returns>
    /// <exception cref="NotificationFailedException">There is no room.</exception>
    public IReadOnlyList<AlertmanagerAlert> Take(AlertNotification notification, DateTimeOffset now) => notification.Kind switch
    {
        NotificationKind.Trigger or NotificationKind.Escalate => Fire(notification, now),
        NotificationKind.Acknowledge => Acknowledge(notification),
        NotificationKind.Resolve => End(notification, now),
        _ => throw new UnreachableException($"Kind {notification.Kind} changes nothing."),
    };

    /// <summary>Forgets an alert that the Alertmanager refuses, so that it is not sent again.</summary>
    public void Drop(AlertNotification notification) => _firing.Remove((notification.IncidentKey, notification.Level));

    /// <summary>Forgets alerts that have been resolved for long enough.</summary>
    public void Forget(DateTimeOffset now) => _resolved.RemoveAll(item => item.Until <= now);

    private List<AlertmanagerAlert> Fire(AlertNotification notification, DateTimeOffset now)
    {
        var alert = AlertmanagerAlert.Of(notification);
        var key = (notification.IncidentKey, notification.Level);
        var sent = new List<AlertmanagerAlert> { alert };

        // With other labels, such as a worse severity, it is another alert, and the previous one is resolved.
        var isOther = _firing.TryGetValue(key, out var before) && !before.IsSameAs(alert);
        if ((before is null || isOther) && Count >= limit)
        {
            throw new NotificationFailedException(
                $"{Count} alerts are being told again; at most {limit} are (Netra:Alerting:Alertmanager:MaxAlerts)", isPermanent: false);
        }

        // The alert may have been resolved before; now it fires again.
        _resolved.RemoveAll(item => item.Alert.IsSameAs(alert));
        if (isOther)
        {
            sent.Add(Resolve(before!, now, now));
        }

        _firing[key] = alert;
        return sent;
    }

    private List<AlertmanagerAlert> Acknowledge(AlertNotification notification)
    {
        var sent = new List<AlertmanagerAlert>();
        foreach (var key in KeysOf(notification))
        {
            _firing[key] = _firing[key] with { AcknowledgedBy = notification.AcknowledgedBy };
            sent.Add(_firing[key]);
        }

        return sent;
    }

    // All levels, since there is one resolution for all of them. If no alert of the incident is known, the resolution itself makes one.
    private List<AlertmanagerAlert> End(AlertNotification notification, DateTimeOffset now)
    {
        var endsAt = notification.EndsAt ?? notification.At;
        var sent = new List<AlertmanagerAlert>();
        foreach (var key in KeysOf(notification))
        {
            _firing.Remove(key, out var alert);
            sent.Add(Resolve(alert!, endsAt, now));
        }

        if (sent.Count == 0)
        {
            sent.Add(AlertmanagerAlert.Of(notification) with { EndsAt = endsAt });
        }

        return sent;
    }

    private AlertmanagerAlert Resolve(AlertmanagerAlert alert, DateTimeOffset endsAt, DateTimeOffset now)
    {
        var resolved = alert with { EndsAt = endsAt };
        _resolved.Add((resolved, now + AfterEnd));
        return resolved;
    }

    private List<(string Incident, EscalationLevel Level)> KeysOf(AlertNotification notification)
        => [.. _firing.Keys.Where(key => string.Equals(key.Incident, notification.IncidentKey, StringComparison.Ordinal))];
}
