namespace Netra.Pipeline.Alerting;

/// <summary>
/// Opens incidents for alerts that fire, escalates them by their policy, and resolves them. Pure: the time is an argument, and the
/// notifications are in the <see cref="AlertRegistry"/>'s changes. Not thread-safe.
/// </summary>
/// <remarks>
/// What holds for each channel and level: it gets one notification that an incident is open, and another one when the incident is still
/// open a cooldown after the channel was notified that it is resolved; and a channel that was notified that it is open is notified when it
/// is resolved.
/// </remarks>
internal sealed class IncidentEngine(AlertRegistry registry, TimeSpan cooldown)
{
    private readonly IncidentNotifications _notifications = new(registry);

    /// <summary>Opens, escalates and resolves incidents, given the alerts as they are now.</summary>
    public void Evaluate(DateTimeOffset now)
    {
        var firing = registry.Alerts
            .Where(static alert => alert.State == AlertState.Firing)
            .ToLookup(static alert => alert.IncidentScope(), StringComparer.Ordinal);
        foreach (var group in firing)
        {
            var alerts = group
                .OrderByDescending(static alert => alert.Severity)
                .ThenBy(static alert => alert.Since)
                .ThenBy(static alert => alert.Id, StringComparer.Ordinal)
                .ToList();
            var incident = Open(group.Key, alerts, now);
            registry.Put(IsMuted(alerts, firing) ? incident : Notify(incident, alerts, now));
        }

        foreach (var incident in registry.Incidents.Where(incident => incident.EndsAt is null && !firing.Contains(incident.Scope)).ToList())
        {
            registry.Put(Resolve(incident, now));
        }
    }

    /// <summary>Delays the next escalations by a time in which operators could not acknowledge.</summary>
    public void Shift(TimeSpan lost)
    {
        foreach (var incident in registry.Incidents.Where(static incident => incident.EndsAt is null).ToList())
        {
            registry.Put(incident with
            {
                LastStepAt = (incident.LastStepAt ?? incident.StartsAt) + lost,
                AcknowledgedUntil = incident.AcknowledgedUntil + lost,
            });
        }
    }

    /// <summary>Acknowledges an incident for an operator: its escalation stops.</summary>
    /// <param name="incident">The incident, which is open.</param>
    /// <param name="author">The operator.</param>
    /// <param name="comment">The operator's comment; may be empty.</param>
    /// <param name="until">Until when the escalation stops.</param>
    /// <param name="now">The time.</param>
    public void Acknowledge(Incident incident, string author, string comment, DateTimeOffset until, DateTimeOffset now)
    {
        incident = incident with { AcknowledgedBy = author, AcknowledgedUntil = until };
        var detail = comment.Length == 0 ? $"{incident.Key} by {author}" : $"{incident.Key} by {author}: {comment}";
        registry.Changes.AddHistory(now, "acknowledge", alertId: null, incident.RuleName, detail);
        if (incident.LastAlert is { } last)
        {
            foreach (var notified in incident.NotifiedChannels.Where(static notified => notified.IsOpen))
            {
                incident = _notifications.Send(incident, NotificationKind.Acknowledge, notified.Channel, notified.Level, [last], now);
            }
        }

        registry.Put(incident);
    }

    /// <summary>Forgets resolved incidents that cannot open again.</summary>
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
                // It opens again, as if the time in between had not passed.
                return incident with { EndsAt = null, LastStepAt = incident.LastStepAt + (now - incident.EndsAt) };
            }
        }

        var key = worst.IsEmergency ? worst.Id : $"{worst.RuleName}-{now.ToUnixTimeMilliseconds()}";
        return new Incident(scope, key, worst.RuleName, worst.Severity, now, registry.Policy);
    }

    private bool IsMuted(List<Alert> alerts, ILookup<string, Alert> firing)
        => (registry.Rule(alerts[0].RuleName) is { } rule && rule.InhibitedBy.Any(firing.Contains))
            || alerts.TrueForAll(alert => registry.SilenceFor(alert) is not null);

    private Incident Notify(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        if (incident.AcknowledgedUntil <= now)
        {
            registry.Changes.AddHistory(
                now, "acknowledgement_expired", alertId: null, incident.RuleName, $"{incident.Key} by {incident.AcknowledgedBy}");

            // The step that is due is taken at once. After the last step there is none, so the last level is notified again.
            incident = incident with
            {
                AcknowledgedBy = null,
                AcknowledgedUntil = null,
                NextStep = Math.Min(incident.NextStep, incident.Policy.Steps.Count - 1),
            };
            incident = TakeStep(incident, alerts, again: true, now);
        }

        if (alerts[0].Severity > incident.Severity)
        {
            incident = incident with { Severity = alerts[0].Severity };
            foreach (var notified in incident.NotifiedChannels.Where(static notified => notified.IsOpen))
            {
                incident = _notifications.Send(incident, NotificationKind.Trigger, notified.Channel, notified.Level, alerts, now);
            }
        }

        if (incident.AcknowledgedUntil is not null)
        {
            return incident;
        }

        incident = NotifyReopened(incident, alerts, now);
        incident = alerts[0].IsEmergency ? NotifyEveryLevel(incident, alerts, now) : NotifyAlwaysInformed(incident, alerts, now);
        return Escalate(incident, alerts, now);
    }

    // A channel whose last notification says that the incident is resolved is corrected after the cooldown.
    private Incident NotifyReopened(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var notified in incident.NotifiedChannels.Where(notified => now - notified.ResolvedAt >= cooldown))
        {
            incident = _notifications.Send(incident, NotificationKind.Trigger, notified.Channel, notified.Level, alerts, now);
            incident = incident with
            {
                NotifiedChannels =
                    [.. incident.NotifiedChannels.Select(other => other == notified ? notified with { ResolvedAt = null } : other)],
            };
        }

        return incident;
    }

    private Incident NotifyEveryLevel(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var step in incident.Policy.Steps.Skip(incident.NextStep))
        {
            incident = NotifyChannels(incident, step, NotificationKind.Trigger, alerts, now);
        }

        return incident with { NextStep = incident.Policy.Steps.Count };
    }

    private Incident NotifyAlwaysInformed(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var inform in incident.Policy.AlwaysInform.Where(inform => inform.Rule == incident.RuleName))
        {
            foreach (var step in incident.Policy.Steps.Where(step => step.Level == inform.Level))
            {
                incident = NotifyChannels(incident, step, NotificationKind.Trigger, alerts, now);
            }
        }

        return incident;
    }

    private Incident Escalate(Incident incident, List<Alert> alerts, DateTimeOffset now)
    {
        while (incident.NextStep < incident.Policy.Steps.Count
            && now - (incident.LastStepAt ?? incident.StartsAt) >= incident.Policy.Steps[incident.NextStep].Delay)
        {
            incident = TakeStep(incident, alerts, again: false, now);
        }

        return incident;
    }

    private Incident TakeStep(Incident incident, List<Alert> alerts, bool again, DateTimeOffset now)
    {
        var step = incident.Policy.Steps[incident.NextStep];
        var isFirst = incident.NextStep == 0 && !(again && incident.NotifiedChannels.Any(notified => notified.Level == step.Level));
        var kind = isFirst ? NotificationKind.Trigger : NotificationKind.Escalate;
        if (again)
        {
            // So that the channels of this step that were notified before are notified again.
            incident = incident with
            {
                NotifiedChannels =
                [
                    .. incident.NotifiedChannels.Where(notified
                        => notified.Level != step.Level || !step.Channels.Contains(notified.Channel, StringComparer.Ordinal)),
                ],
            };
        }

        incident = NotifyChannels(incident, step, kind, alerts, now);
        return incident with { NextStep = incident.NextStep + 1, LastStepAt = now };
    }

    private Incident NotifyChannels(Incident incident, EscalationStep step, NotificationKind kind, List<Alert> alerts, DateTimeOffset now)
    {
        foreach (var channel in step.Channels)
        {
            if (!IncidentNotifications.IsNotified(incident, channel, step.Level))
            {
                incident = _notifications.Send(incident, kind, channel, step.Level, alerts, now);
                incident = incident with
                {
                    NotifiedChannels = [.. incident.NotifiedChannels, new NotifiedChannel(channel, step.Level)],
                    Level = incident.Level > step.Level ? incident.Level : step.Level,
                };
            }
        }

        return incident;
    }

    private Incident Resolve(Incident incident, DateTimeOffset now)
    {
        incident = incident with { EndsAt = now };
        if (incident.LastAlert is not { } last || !incident.NotifiedChannels.Any(static notified => notified.IsOpen))
        {
            return incident;
        }

        foreach (var notified in incident.NotifiedChannels.Where(static notified => notified.IsOpen))
        {
            incident = _notifications.Send(incident, NotificationKind.Resolve, notified.Channel, notified.Level, [last], now);
        }

        return incident with
        {
            NotifiedChannels =
                [.. incident.NotifiedChannels.Select(notified => notified with { ResolvedAt = notified.ResolvedAt ?? now })],
        };
    }
}
