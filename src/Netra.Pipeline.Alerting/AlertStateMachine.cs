namespace Netra.Pipeline.Alerting;

/// <summary>The transitions of an alert between its states. Pure: the time is an argument.</summary>
internal static class AlertStateMachine
{
    /// <summary>The next state of an alert, given a new value.</summary>
    /// <param name="id">The alert's fingerprint.</param>
    /// <param name="rule">Its rule, which is enabled.</param>
    /// <param name="label">Its label.</param>
    /// <param name="current">The alert as it is; null when it is inactive.</param>
    /// <param name="value">The value.</param>
    /// <param name="now">The time.</param>
    /// <returns>The alert as it is now; null when it is inactive.</returns>
    public static Alert? Next(string id, AlertRule rule, string? label, Alert? current, double value, DateTimeOffset now)
    {
        var next = current?.State switch
        {
            AlertState.Firing => ResolveIfClear(current, rule, value, now),
            AlertState.Pending => rule.Holds(value) ? FireIfDue(current, rule, now) : null,
            _ => rule.Holds(value)
                ? FireIfDue(new Alert(id, rule.Name, label, AlertState.Pending, rule.Severity, now), rule, now)
                : current,
        };

        // A resolved alert keeps the texts and the value of its notifications.
        return next is null or { State: AlertState.Resolved } ? next : Describe(next, rule, value);
    }

    /// <summary>Resolves an alert, whatever its value: its rule is disabled, its label is gone, or an operator resolves it.</summary>
    /// <returns>Null when it was only pending.</returns>
    public static Alert? Resolve(Alert current, DateTimeOffset now) => current.State switch
    {
        AlertState.Pending => null,
        AlertState.Firing => current with { State = AlertState.Resolved, ResolvedAt = now, ClearSince = null },
        _ => current,
    };

    private static Alert FireIfDue(Alert pending, AlertRule rule, DateTimeOffset now)
        => now - pending.Since >= rule.For ? pending with { State = AlertState.Firing, Since = now } : pending;

    private static Alert? ResolveIfClear(Alert firing, AlertRule rule, double value, DateTimeOffset now)
    {
        if (!rule.IsClear(value))
        {
            return firing with { ClearSince = null };
        }

        var since = firing.ClearSince ?? now;
        return now - since >= rule.KeepFiring ? Resolve(firing, now) : firing with { ClearSince = since };
    }

    private static Alert Describe(Alert alert, AlertRule rule, double value) => alert with
    {
        Severity = rule.Severity,
        Summary = rule.Summary,
        Description = rule.Description,
        LabelName = rule.LabelName,
        Threshold = rule.Threshold,

        // This alert says that there is no value; the age of the last one, which its rule compares, is not the signal's value.
        Value = rule.Name == AlertRules.NoData ? null : value,
    };
}
