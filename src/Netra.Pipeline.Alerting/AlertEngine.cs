using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Compares what is measured with the rules, and has the <see cref="IncidentEngine"/> tell what becomes of it. Pure: time is given, and what follows is left in the <see cref="AlertRegistry"/>'s changes. Not thread-safe.
/// </summary>
internal sealed class AlertEngine
{
    /// <summary>How long an alert that is over is still listed.</summary>
    public static readonly TimeSpan KeepResolved = TimeSpan.FromHours(1);

    private readonly AlertRegistry _registry;
    private readonly IncidentEngine _incidents;
    private readonly int _maxLabels;
    private readonly SignalReadings _readings = new();

    public AlertEngine(AlertRegistry registry, AlertingOptions options)
    {
        (_registry, _maxLabels) = (registry, options.MaxLabels);
        _incidents = new IncidentEngine(registry, options.Cooldown);
        foreach (var alert in registry.Alerts.Where(static alert => alert is { RuleName: AlertRules.NoData, State: not AlertState.Resolved, Label: not null }))
        {
            _readings.MissingSince(alert.Label!, alert.Since - TimeSpan.FromSeconds(alert.Threshold ?? 0));
        }
    }

    /// <summary>A second has passed.</summary>
    /// <param name="readings">What was measured; null when rules are not evaluated, and only what was raised by hand is looked after.</param>
    /// <param name="now">The time.</param>
    public void Evaluate(IReadOnlyList<SignalReading>? readings, DateTimeOffset now)
    {
        ExpireSilences(now);
        if (readings is not null)
        {
            Compare(readings, now);
        }

        _incidents.Advance(now);
        Forget(now);
    }

    /// <summary>
    /// This process did not run for a while: nothing was measured, and nobody could acknowledge. What has lasted until now has lasted for so much less.
    /// </summary>
    /// <param name="lost">How long it did not run.</param>
    public void Shift(TimeSpan lost)
    {
        _readings.Shift(lost);
        foreach (var alert in _registry.Alerts.ToList())
        {
            if (alert.State == AlertState.Pending)
            {
                _registry.Put(alert with { Since = alert.Since + lost });
            }
            else if (alert is { State: AlertState.Firing, ClearSince: { } since })
            {
                _registry.Put(alert with { ClearSince = since + lost });
            }
        }

        _incidents.Shift(lost);
    }

    /// <summary>Looks at incidents at once, after something was done by hand.</summary>
    public void Advance(DateTimeOffset now) => _incidents.Advance(now);

    /// <inheritdoc cref="IncidentEngine.Acknowledge"/>
    public void Acknowledge(Incident incident, string author, string comment, DateTimeOffset until, DateTimeOffset now) => _incidents.Acknowledge(incident, author, comment, until, now);

    /// <inheritdoc cref="IncidentEngine.Redirect"/>
    public void Redirect(OutboxEntry failed, string reason, DateTimeOffset now) => _incidents.Redirect(failed, reason, now);

    /// <summary>Ends an alert by hand.</summary>
    public void End(Alert alert, DateTimeOffset now)
    {
        Apply(alert, AlertStateMachine.End(alert, now), now);
        _incidents.Advance(now);
    }

    /// <summary>An alert's id: readable where it has no label, and of bounded length where it has.</summary>
    public static string Fingerprint(string rule, string label) => label.Length == 0
        ? rule
        : $"{rule}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(label)).AsSpan(0, 6))}";

    private void Compare(IReadOnlyList<SignalReading> readings, DateTimeOffset now)
    {
        var rules = _registry.Rules.Where(static rule => rule.IsEnabled).ToList();
        var expected = rules.Select(static rule => rule.Signal).Where(static signal => signal != AlertRules.SignalAge).ToHashSet(StringComparer.Ordinal);
        _readings.Take(readings, expected, now);
        var byRule = _registry.Alerts.Where(static alert => !alert.IsEmergency).ToLookup(static alert => alert.RuleName, StringComparer.Ordinal);
        foreach (var rule in rules)
        {
            Compare(rule, [.. byRule[rule.Name]], now);
        }

        var enabled = rules.Select(static rule => rule.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var alert in byRule.Where(group => !enabled.Contains(group.Key)).SelectMany(static group => group).ToList())
        {
            Apply(alert, AlertStateMachine.End(alert, now), now);
        }
    }

    private void Compare(AlertRule rule, List<Alert> alerts, DateTimeOffset now)
    {
        // Those that are over give up their place.
        var known = alerts.Where(static alert => alert.State != AlertState.Resolved).Select(static alert => alert.Label ?? string.Empty).ToHashSet(StringComparer.Ordinal);
        if (_readings.For(rule, _maxLabels, known) is not { } compared)
        {
            // Without a reading nothing can be said of it, neither that it is worse nor that it is over; no_data says that there is none.
            return;
        }

        foreach (var (label, reading) in compared)
        {
            var id = Fingerprint(rule.Name, rule.LabelValue is null ? label : string.Empty);
            var current = _registry.Alert(id);
            Apply(current, AlertStateMachine.Next(id, rule, label.Length == 0 ? null : label, current, reading.Value, now), now);
        }

        // A label that has gone while its signal is measured: there is nothing of it any more.
        foreach (var alert in alerts.Where(alert => alert.State != AlertState.Resolved && !compared.ContainsKey(alert.Label ?? string.Empty)).ToList())
        {
            Apply(alert, rule.KeepFiring == TimeSpan.Zero ? AlertStateMachine.End(alert, now) : Gone(alert, rule, now), now);
        }
    }

    private static Alert? Gone(Alert alert, AlertRule rule, DateTimeOffset now)
        => alert.State == AlertState.Firing && now - (alert.ClearSince ?? now) < rule.KeepFiring
            ? alert with { ClearSince = alert.ClearSince ?? now }
            : AlertStateMachine.End(alert, now);

    private void Apply(Alert? before, Alert? after, DateTimeOffset now)
    {
        if (after is null)
        {
            if (before is not null)
            {
                _registry.Remove(before);
            }

            return;
        }

        _registry.Put(after);
        if (before?.State != after.State && after.State != AlertState.Pending)
        {
            _registry.Changes.Remember(now, AlertNames.Of(after.State), after.Id, after.RuleName, NotificationText.Summary(after));
        }
    }

    private void ExpireSilences(DateTimeOffset now)
    {
        foreach (var silence in _registry.Silences.Where(silence => silence.EndsAt <= now).ToList())
        {
            _registry.Remove(silence);
            _registry.Changes.Remember(now, "silence_expired", alertId: null, silence.Rule, $"silence {silence.Id} of {silence.Author}: {silence.Comment}");
        }
    }

    private void Forget(DateTimeOffset now)
    {
        var resolved = _registry.Alerts.Where(static alert => alert.State == AlertState.Resolved).OrderByDescending(static alert => alert.ResolvedAt).ToList();
        var kept = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var alert in resolved)
        {
            kept[alert.RuleName] = kept.GetValueOrDefault(alert.RuleName) + 1;
            if (now - alert.ResolvedAt > KeepResolved || kept[alert.RuleName] > _maxLabels)
            {
                _registry.Remove(alert);
            }
        }

        _incidents.Forget(now);
    }
}
