namespace Netra.Pipeline.Alerting;

/// <summary>How one alert goes from state to state. Pure: all time is given.</summary>
internal static class AlertStateMachine
{
    /// <summary>What becomes of an alert with a new value.</summary>
    /// <param name="id">The alert's fingerprint.</param>
    /// <param name="rule">Its rule, which is enabled.</param>
    /// <param name="label">Its label.</param>
    /// <param name="current">Where it stands; null when it is inactive.</param>
    /// <param name="value">The value.</param>
    /// <param name="now">The time.</param>
    /// <returns>Where it stands now; null when it is inactive.</returns>
    public static Alert? Next(string id, AlertRule rule, string? label, Alert? current, double value, DateTimeOffset now)
    {
        var next = current?.State switch
        {
            AlertState.Firing => Clear(current, rule, value, now),
            AlertState.Pending => rule.Holds(value) ? Ripen(current, rule, now) : null,
            _ => rule.Holds(value) ? Ripen(new Alert(id, rule.Name, label, AlertState.Pending, rule.Severity, now), rule, now) : current,
        };

        // One that is resolved keeps what it was told with.
        return next is null or { State: AlertState.Resolved } ? next : Describe(next, rule, value);
    }

    /// <summary>An alert that is over, whatever its value: its rule is disabled or gone, or somebody says so.</summary>
    /// <returns>Null when it was only pending.</returns>
    public static Alert? End(Alert current, DateTimeOffset now) => current.State switch
    {
        AlertState.Pending => null,
        AlertState.Firing => current with { State = AlertState.Resolved, ResolvedAt = now, ClearSince = null },
        _ => current,
    };

    private static Alert Ripen(Alert pending, AlertRule rule, DateTimeOffset now)
        => now - pending.Since >= rule.For ? pending with { State = AlertState.Firing, Since = now } : pending;

    private static Alert? Clear(Alert firing, AlertRule rule, double value, DateTimeOffset now)
    {
        if (!rule.IsClear(value))
        {
            return firing with { ClearSince = null };
        }

        var since = firing.ClearSince ?? now;
        return now - since >= rule.KeepFiring ? End(firing, now) : firing with { ClearSince = since };
    }

    private static Alert Describe(Alert alert, AlertRule rule, double value) => alert with
    {
        Severity = rule.Severity,
        Summary = rule.Summary,
        Description = rule.Description,
        LabelName = rule.LabelName,
        Threshold = rule.Threshold,

        // The alert is that there is no value, so the age of the last one is none.
        Value = rule.Name == AlertRules.NoData ? null : value,
    };
}
