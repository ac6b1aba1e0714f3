namespace Netra.Pipeline.Alerting;

/// <summary>
/// Makes incidents of alerts that fire, and says who is told what, and when. Pure: time is given, and what is told is left in the <see cref="AlertRegistry"/>'s changes. Not thread-safe.
/// </summary>
/// <remarks>
/// What holds for each channel and level: of an incident that is on it is told once, or once more when it is still on a cooldown after it was told that it is over; and whoever was told that it is on is told when it is over.
/// </remarks>
internal sealed class IncidentEngine(AlertRegistry registry, TimeSpan cooldown)
{
    /// <summary>Looks at every incident, with the alerts as they are.</summary>
    public void Advance(DateTimeOffset now)
    {
        var firing = registry.Alerts.Where(static alert => alert.State == AlertState.Firing).ToLookup(static alert => alert.IsEmergency ? alert.Id : alert.RuleName, StringComparer.Ordinal);
        foreach (var group in firing)
        {
            var alerts = group.OrderByDescending(static alert => alert.Severity).ThenBy(static alert => alert.Since).ThenBy(static alert => alert.Id, StringComparer.Ordinal).ToList();
            var incident = Open(group.Key, alerts, now);
            registry.Put(IsMuted(alerts, firing) ? incident : Tell(incident, alerts, now));
        }

        foreach (var incident in registry.Incidents.Where(incident => incident.EndsAt is null && !firing.Contains(incident.Scope)).ToList())
        {
            registry.Put(Close(incident, now));
        }
    }

    /// <summary>Nobody could acknowledge for a while: what is to be escalated is so much later.</summary>
    public void Shift(TimeSpan lost)
    {
        foreach (var incident in registry.Incidents.Where(static incident => incident.EndsAt is null).ToList())
        {
            registry.Put(incident with { LastStepAt = (incident.LastStepAt ?? incident.StartsAt) + lost, AcknowledgedUntil = incident.AcknowledgedUntil + lost });
        }
    }

    /// <summary>What a channel was told of the incidents that are on, at each level, for one that does not keep it by itself.</summary>
    public IEnumerable<AlertNotification> ToldTo(string channel, DateTimeOffset now)
        => from incident in registry.Incidents
           where incident is { EndsAt: null, Last: not null }
           from told in incident.Told
           where told.IsOn && told.Channel == channel
           select Make(incident, incident.Notifications, NotificationKind.Trigger, told.Level, [incident.Last!], now);

    /// <summary>Somebody looks after an incident: its escalation stops.</summary>
    /// <param name="incident">The incident, which is on.</param>
    /// <param name="author">Who.</param>
    /// <param name="comment">What they say; may be empty.</param>
    /// <param name="until">Until when it stops.</param>
    /// <param name="now">The time.</param>
    public void Acknowledge(Incident incident, string author, string comment, DateTimeOffset until, DateTimeOffset now)
    {
        incident = incident with { AcknowledgedBy = author, AcknowledgedUntil = until };
        registry.Changes.Remember(now, "acknowledge", alertId: null, incident.RuleName, comment.Length == 0 ? $"{incident.Key} by {author}" : $"{incident.Key} by {author}: {comment}");
        if (incident.Last is { } last)
        {
            foreach (var told in incident.Told.Where(static told => told.IsOn))
            {
                incident = Send(incident, NotificationKind.Acknowledge, told.Channel, told.Level, [last], now);
            }
        }

        registry.Put(incident);
    }

    /// <summary>A channel could not be told, so the next one is.</summary>
    /// <param name="failed">What could not be told.</param>
    /// <param name="reason">Why.</param>
    /// <param name="now">The time.</param>
    public void Redirect(OutboxEntry failed, string reason, DateTimeOffset now)
    {
        var notification = failed.Notification;
        registry.Changes.Delete(DocumentKind.Outbox, notification.Id);
        registry.Changes.Remember(now, "failed", alertId: null, notification.RuleName, $"{AlertNames.Of(notification.Kind)} {notification.IncidentKey} to {failed.Channel}: {reason}");
        var incident = registry.Incident(failed.Scope) is { } present && present.Key == notification.IncidentKey ? present : null;
        var left = failed.Fallbacks.Where(channel => incident is null || !incident.Told.Any(told => told.Channel == channel && told.Level == notification.Level)).ToList();
        if (failed.IsOnce || left.Count == 0)
        {
            // Every other channel has been told by itself; the failure is reported.
            return;
        }

        var entry = failed with { Notification = notification with { Id = $"{notification.Id}.{left[0]}" }, Channel = left[0], Fallbacks = left[1..], Attempts = 0, DueAt = now };
        registry.Changes.Tell(entry);
        if (notification.Kind is NotificationKind.Trigger or NotificationKind.Escalate)
        {
            var isOn = incident is { EndsAt: null };
            if (incident is not null)
            {
                registry.Put(incident with { Told = [.. incident.Told, new NotifiedChannel(left[0], notification.Level, isOn ? null : now)] });
            }

            if (!isOn)
            {
                // It was over before this channel heard that it had begun.
                registry.Changes.Tell(entry with { Notification = entry.Notification with { Id = entry.Notification.Id + ".resolve", Kind = NotificationKind.Resolve, At = now, EndsAt = incident?.EndsAt ?? now } });
            }
        }
    }

    /// <summary>Forgets incidents that are over for so long that they do not come again.</summary>
    public void Forget(DateTimeOffset now)
    {
        var keep = cooldown > AlertEngine.KeepResolved ? cooldown : AlertEngine.KeepResolved;
        foreach (var incident in registry.Incidents.Where(incident => now - incident.EndsAt > keep).ToList())
        {
            registry.Remove(incident);
        }
    }

    private Incident Open(string scope, List<Alert> alerts, DateTimeOffset now)
    {
        var worst = alerts[0];
        if (registry.Incident(scope) is { } incident)
        {
            if (incident.EndsAt is null)
            {
                return incident;
            }

            if (now - incident.EndsAt < cooldown)
            {
                // It goes on, as if the time in between had not passed.
                return incident with { EndsAt = null, LastStepAt = incident.LastStepAt + (now - incident.EndsAt) };
            }
        }

        var key = worst.IsEmergency ? worst.Id : $"{worst.RuleName}-{now.ToUnixTimeMilliseconds()}";
        return new Incident(scope, key, worst.RuleName, worst.Severity, now, registry.Policy);
    }

    private bool IsMuted(List<Alert> alerts, ILookup<string, Alert> firing)
        => (registry.Rule(alerts[0].RuleName) is { } rule && rule.InhibitedBy.Any(firing.Contains)) || alerts.TrueForAll(alert => registry.SilenceOf(alert) is not null);

    private Incident Tell(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        if (incident.AcknowledgedUntil <= now)
        {
            registry.Changes.Remember(now, "acknowledgement_expired", alertId: null, incident.RuleName, $"{incident.Key} by {incident.AcknowledgedBy}");

            // Whoever is last has nobody behind them, and is told again.
            incident = incident with { AcknowledgedBy = null, AcknowledgedUntil = null, NextStep = Math.Min(incident.NextStep, incident.Policy.Steps.Count - 1) };
            incident = TellStep(incident, alerts, again: true, now);
        }

        if (alerts[0].Severity > incident.Severity)
        {
            incident = incident with { Severity = alerts[0].Severity };
            foreach (var told in incident.Told.Where(static told => told.IsOn))
            {
                incident = Send(incident, NotificationKind.Trigger, told.Channel, told.Level, alerts, now);
            }
        }

        if (incident.AcknowledgedUntil is not null)
        {
            return incident;
        }

        // Whoever believes that it is over is not left with that for longer than the cooldown.
        foreach (var told in incident.Told.Where(told => now - told.ResolvedAt >= cooldown))
        {
            incident = Send(incident, NotificationKind.Trigger, told.Channel, told.Level, alerts, now);
            incident = incident with { Told = [.. incident.Told.Select(other => other == told ? told with { ResolvedAt = null } : other)] };
        }

        return Escalate(alerts[0].IsEmergency ? TellEveryLevel(incident, alerts, now) : AlwaysInform(incident, alerts, now), alerts, now);
    }

    private Incident TellEveryLevel(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var step in incident.Policy.Steps.Skip(incident.NextStep))
        {
            incident = TellChannels(incident, step, NotificationKind.Trigger, alerts, now);
        }

        return incident with { NextStep = incident.Policy.Steps.Count };
    }

    private Incident AlwaysInform(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var inform in incident.Policy.AlwaysInform.Where(inform => inform.Rule == incident.RuleName))
        {
            foreach (var step in incident.Policy.Steps.Where(step => step.Level == inform.Level))
            {
                incident = TellChannels(incident, step, NotificationKind.Trigger, alerts, now);
            }
        }

        return incident;
    }

    private Incident Escalate(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        while (incident.NextStep < incident.Policy.Steps.Count
            && now - (incident.LastStepAt ?? incident.StartsAt) >= incident.Policy.Steps[incident.NextStep].Delay)
        {
            incident = TellStep(incident, alerts, again: false, now);
        }

        return incident;
    }

    private Incident TellStep(Incident incident, List<Alert> alerts, bool again, DateTimeOffset now)
    {
        var step = incident.Policy.Steps[incident.NextStep];
        var isFirst = incident.NextStep == 0 && !(again && incident.Told.Any(told => told.Level == step.Level));
        var kind = isFirst ? NotificationKind.Trigger : NotificationKind.Escalate;
        if (again)
        {
            // So that those who have been told of it before are told again.
            incident = incident with { Told = [.. incident.Told.Where(told => told.Level != step.Level || !step.Channels.Contains(told.Channel, StringComparer.Ordinal))] };
        }

        incident = TellChannels(incident, step, kind, alerts, now);
        return incident with { NextStep = incident.NextStep + 1, LastStepAt = now };
    }

    private Incident TellChannels(Incident incident, EscalationStep step, NotificationKind kind, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var channel in step.Channels)
        {
            if (!incident.Told.Any(told => told.Channel == channel && told.Level == step.Level))
            {
                incident = Send(incident, kind, channel, step.Level, alerts, now);
                incident = incident with
                {
                    Told = [.. incident.Told, new NotifiedChannel(channel, step.Level)],
                    Level = incident.Level > step.Level ? incident.Level : step.Level,
                };
            }
        }

        return incident;
    }

    private Incident Close(Incident incident, DateTimeOffset now)
    {
        incident = incident with { EndsAt = now };
        if (incident.Last is not { } last || !incident.Told.Any(static told => told.IsOn))
        {
            return incident;
        }

        foreach (var told in incident.Told.Where(static told => told.IsOn))
        {
            incident = Send(incident, NotificationKind.Resolve, told.Channel, told.Level, [last], now);
        }

        return incident with { Told = [.. incident.Told.Select(told => told with { ResolvedAt = told.ResolvedAt ?? now })] };
    }

    private Incident Send(Incident incident, NotificationKind kind, string channel, EscalationLevel level, List<Alert> alerts, DateTimeOffset now)
    {
        var number = incident.Notifications + 1;
        var notification = Make(incident, number, kind, level, alerts, now);
        registry.Changes.Tell(new OutboxEntry(notification, channel, incident.Scope, incident.Policy.FallbacksAfter(level, channel), Attempts: 0, now));
        registry.Changes.Remember(now, AlertNames.Of(kind), alertId: null, incident.RuleName, $"{incident.Key} to {channel}, {AlertNames.Of(level)}");
        return incident with { Notifications = number, Last = alerts[0] };
    }

    private static AlertNotification Make(Incident incident, int number, NotificationKind kind, EscalationLevel level, List<Alert> alerts, DateTimeOffset now) => new(
        $"{incident.Key}.{number}", kind, incident.Key, incident.RuleName, incident.Severity, level, NotificationText.Summary(alerts), alerts[0].Description, incident.StartsAt, now)
    {
        EndsAt = kind == NotificationKind.Resolve ? incident.EndsAt : null,
        AcknowledgedBy = kind == NotificationKind.Acknowledge ? incident.AcknowledgedBy : null,
        Labels = NotificationText.Labels(alerts),
        Value = alerts[0].Value,
        Threshold = alerts[0].Threshold,
    };
}
