namespace Netra.Pipeline.Alerting;

/// <summary>
/// Makes the notifications of incidents. Pure: the time is an argument, and what is sent is in the <see cref="AlertRegistry"/>'s changes.
/// Not thread-safe.
/// </summary>
internal sealed class IncidentNotifications(AlertRegistry registry)
{
    /// <summary>Whether a channel has got a notification of an incident at a level.</summary>
    public static bool IsNotified(Incident incident, string channel, EscalationLevel level)
        => incident.NotifiedChannels.Any(notified => notified.Channel == channel && notified.Level == level);

    /// <summary>Sends a notification over a channel.</summary>
    /// <returns>The incident, with the notification counted.</returns>
    public Incident Send(
        Incident incident, NotificationKind kind, string channel, EscalationLevel level, List<Alert> alerts, DateTimeOffset now)
    {
        var number = incident.Notifications + 1;
        var notification = Make(incident, number, kind, level, alerts, now);
        var fallbacks = incident.Policy.FallbacksAfter(level, channel);
        registry.Changes.Send(new OutboxEntry(notification, channel, incident.Scope, fallbacks, Attempts: 0, now));
        registry.Changes.AddHistory(
            now, AlertNames.Of(kind), alertId: null, incident.RuleName, $"{incident.Key} to {channel}, {AlertNames.Of(level)}");
        return incident with { Notifications = number, LastAlert = alerts[0] };
    }

    /// <summary>Records the outcome of a try. A notification that a channel has not taken is sent over the next channel.</summary>
    /// <param name="entry">The notification, as it is after the try.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="reason">Why the channel has not taken it.</param>
    /// <param name="now">The time.</param>
    public void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason, DateTimeOffset now)
    {
        var notification = entry.Notification;
        var what = $"{AlertNames.Of(notification.Kind)} {notification.IncidentKey} to {entry.Channel}";
        switch (outcome)
        {
            case NotificationOutcome.Sent:
                registry.Changes.Delete(DocumentKind.Outbox, notification.Id);
                registry.Changes.AddHistory(now, "sent", alertId: null, notification.RuleName, what);
                break;
            case NotificationOutcome.Retried:
                registry.Changes.Save(DocumentKind.Outbox, notification.Id, entry);
                registry.Changes.AddHistory(
                    now, "retry", alertId: null, notification.RuleName, $"{what}, after try {entry.Attempts}: {reason}");
                break;
            case NotificationOutcome.Failed:
                registry.Changes.Delete(DocumentKind.Outbox, notification.Id);
                registry.Changes.AddHistory(now, "failed", alertId: null, notification.RuleName, $"{what}: {reason}");
                Redirect(entry, now);
                break;
            default:
                throw new InvalidOperationException($"Outcome {outcome} is not mapped.");
        }
    }

    /// <summary>
    /// The notifications of open incidents that a channel has got, one for each level, for a channel that does not store them.
    /// </summary>
    public IEnumerable<AlertNotification> SentTo(string channel, DateTimeOffset now)
        => from incident in registry.Incidents
           where incident is { EndsAt: null, LastAlert: not null }
           from notified in incident.NotifiedChannels
           where notified.IsOpen && notified.Channel == channel
           select Make(incident, incident.Notifications, NotificationKind.Trigger, notified.Level, [incident.LastAlert!], now);

    private void Redirect(OutboxEntry failed, DateTimeOffset now)
    {
        var notification = failed.Notification;
        var incident = registry.Incident(failed.Scope) is { } present && present.Key == notification.IncidentKey ? present : null;
        var left = failed.Fallbacks.Where(channel => incident is null || !IsNotified(incident, channel, notification.Level)).ToList();
        if (failed.IsOnce || left.Count == 0)
        {
            // All other channels have notifications of their own; the failure is reported.
            return;
        }

        var entry = failed with
        {
            Notification = notification with { Id = $"{notification.Id}.{left[0]}" },
            Channel = left[0],
            Fallbacks = left[1..],
            Attempts = 0,
            DueAt = now,
        };
        registry.Changes.Send(entry);
        if (notification.Kind is NotificationKind.Trigger or NotificationKind.Escalate)
        {
            FollowUp(entry, incident, now);
        }
    }

    // The channel now knows that the incident is open; if it is resolved already, it is notified of that as well.
    private void FollowUp(OutboxEntry redirected, Incident? incident, DateTimeOffset now)
    {
        var isOpen = incident is { EndsAt: null };
        if (incident is not null)
        {
            var notified = new NotifiedChannel(redirected.Channel, redirected.Notification.Level, isOpen ? null : now);
            registry.Put(incident with { NotifiedChannels = [.. incident.NotifiedChannels, notified] });
        }

        if (!isOpen)
        {
            registry.Changes.Send(redirected with
            {
                Notification = redirected.Notification with
                {
                    Id = redirected.Notification.Id + ".resolve",
                    Kind = NotificationKind.Resolve,
                    At = now,
                    EndsAt = incident?.EndsAt ?? now,
                },
            });
        }
    }

    private static AlertNotification Make(
        Incident incident, int number, NotificationKind kind, EscalationLevel level, List<Alert> alerts, DateTimeOffset now) => new(
        $"{incident.Key}.{number}",
        kind,
        incident.Key,
        incident.RuleName,
        incident.Severity,
        level,
        NotificationText.Summary(alerts),
        alerts[0].Description,
        incident.StartsAt,
        now)
        {
            EndsAt = kind == NotificationKind.Resolve ? incident.EndsAt : null,
            AcknowledgedBy = kind == NotificationKind.Acknowledge ? incident.AcknowledgedBy : null,
            Labels = NotificationText.Labels(alerts),
            Value = alerts[0].Value,
            Threshold = alerts[0].Threshold,
        };
}
