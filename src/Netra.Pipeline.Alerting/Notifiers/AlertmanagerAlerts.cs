using System.Diagnostics;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The alerts that an Alertmanager has been told of, and must be told of again: those that fire, and for 5 minutes those that are over. An incident has one firing alert at each level. Bounded. Not safe from
/// several threads.
/// </summary>
/// <param name="limit">How many it holds.</param>
internal sealed class AlertmanagerAlerts(int limit)
{
    private static readonly TimeSpan AfterEnd = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Incident, EscalationLevel Level), AlertmanagerAlert> _firing = [];
    private readonly List<(AlertmanagerAlert Alert, DateTimeOffset Until)> _over = [];

    /// <summary>How many it holds.</summary>
    public int Count => _firing.Count + _over.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<AlertmanagerAlert> All => [.. _firing.Values, .. _over.Select(static item => item.Alert)];

    /// <summary>What a notification changes.</summary>
    /// <returns>The alerts that are to be told for it.</returns>
    /// <exception cref="NotificationFailedException">There is no room.</exception>
    public IReadOnlyList<AlertmanagerAlert> Take(AlertNotification notification, DateTimeOffset now) => notification.Kind switch
    {
        NotificationKind.Trigger or NotificationKind.Escalate => Fire(notification, now),
        NotificationKind.Acknowledge => Acknowledge(notification),
        NotificationKind.Resolve => End(notification, now),
        _ => throw new UnreachableException($"Kind {notification.Kind} changes nothing."),
    };

    /// <summary>Forgets one that is not taken, so that it is not told over and over.</summary>
    public void Drop(AlertNotification notification) => _firing.Remove((notification.IncidentKey, notification.Level));

    /// <summary>Forgets those that have been over for long enough.</summary>
    public void Forget(DateTimeOffset now) => _over.RemoveAll(item => item.Until <= now);

    private List<AlertmanagerAlert> Fire(AlertNotification notification, DateTimeOffset now)
    {
        var alert = AlertmanagerAlert.Of(notification);
        var key = (notification.IncidentKey, notification.Level);
        var told = new List<AlertmanagerAlert> { alert };

        // With other labels, a worse severity for instance, it is another alert, and the one before it is over.
        var isOther = _firing.TryGetValue(key, out var before) && !before.IsSameAs(alert);
        if ((before is null || isOther) && Count >= limit)
        {
            throw new NotificationFailedException($"{Count} alerts are being told again; at most {limit} are (Netra:Alerting:Alertmanager:MaxAlerts)", isPermanent: false);
        }

        // One that fires again is not over.
        _over.RemoveAll(item => item.Alert.IsSameAs(alert));
        if (isOther)
        {
            told.Add(Over(before!, now, now));
        }

        _firing[key] = alert;
        return told;
    }

    private List<AlertmanagerAlert> Acknowledge(AlertNotification notification)
    {
        var told = new List<AlertmanagerAlert>();
        foreach (var key in KeysOf(notification))
        {
            _firing[key] = _firing[key] with { AcknowledgedBy = notification.AcknowledgedBy };
            told.Add(_firing[key]);
        }

        return told;
    }

    // All levels, since there is one resolution for all of them. One that is not known, since the process is another, is told as it would have been.
    private List<AlertmanagerAlert> End(AlertNotification notification, DateTimeOffset now)
    {
        var endsAt = notification.EndsAt ?? notification.At;
        var told = new List<AlertmanagerAlert>();
        foreach (var key in KeysOf(notification))
        {
            _firing.Remove(key, out var alert);
            told.Add(Over(alert!, endsAt, now));
        }

        if (told.Count == 0)
        {
            told.Add(AlertmanagerAlert.Of(notification) with { EndsAt = endsAt });
        }

        return told;
    }

    private AlertmanagerAlert Over(AlertmanagerAlert alert, DateTimeOffset endsAt, DateTimeOffset now)
    {
        var over = alert with { EndsAt = endsAt };
        _over.Add((over, now + AfterEnd));
        return over;
    }

    private List<(string Incident, EscalationLevel Level)> KeysOf(AlertNotification notification)
        => [.. _firing.Keys.Where(key => string.Equals(key.Incident, notification.IncidentKey, StringComparison.Ordinal))];
}
