using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Evaluates the rules and changes the alerts, and lets the <see cref="IncidentEngine"/> follow. Pure: the time is an argument, and the
/// results are in the <see cref="AlertRegistry"/> and its changes. Not thread-safe.
/// </summary>
internal sealed class AlertEngine
{
    /// <summary>How long a resolved alert is still listed.</summary>
    public static readonly TimeSpan KeepResolved = TimeSpan.FromHours(1);

    private readonly AlertRegistry _registry;
    private readonly IncidentEngine _incidents;
    private readonly IncidentNotifications _notifications;
    private readonly int _maxLabels;
    private readonly SignalReadings _readings = new();

    public AlertEngine(AlertRegistry registry, AlertingOptions options)
    {
        (_registry, _maxLabels) = (registry, options.MaxLabels);
        _incidents = new IncidentEngine(registry, options.Cooldown);
        _notifications = new IncidentNotifications(registry);
        var missing = registry.Alerts.Where(static alert
            => alert is { RuleName: AlertRules.NoData, State: not AlertState.Resolved, Label: not null });
        foreach (var alert in missing)
        {
            _readings.MissingSince(alert.Label!, alert.Since - TimeSpan.FromSeconds(alert.Threshold ?? 0));
        }
    }

    /// <summary>Evaluates the rules, and then the incidents. Called once a second.</summary>
    /// <param name="readings">The readings of the last second; null when rules are not evaluated: then only incidents are.</param>
    /// <param name="now">The time.</param>
    public void Evaluate(IReadOnlyList<SignalReading>? readings, DateTimeOffset now)
    {
        ExpireSilences(now);
        if (readings is not null)
        {
            EvaluateRules(readings, now);
        }

        _incidents.Evaluate(now);
        Forget(now);
    }

    /// <summary>
    /// Leaves out a time in which this process did not run: nothing was measured, and operators could not acknowledge. What has lasted
    /// until now has lasted for so much less.
    /// </summary>
    /// <param name="lost">How long the process did not run.</param>
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

    /// <inheritdoc cref="IncidentEngine.Evaluate"/>
    public void EvaluateIncidents(DateTimeOffset now) => _incidents.Evaluate(now);

    /// <inheritdoc cref="IncidentEngine.Acknowledge"/>
    public void Acknowledge(Incident incident, string author, string comment, DateTimeOffset until, DateTimeOffset now)
        => _incidents.Acknowledge(incident, author, comment, until, now);

    /// <inheritdoc cref="IncidentNotifications.Conclude"/>
    public void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason, DateTimeOffset now)
        => _notifications.Conclude(entry, outcome, reason, now);

    /// <inheritdoc cref="IncidentNotifications.SentTo"/>
    public IEnumerable<AlertNotification> SentTo(string channel, DateTimeOffset now) => _notifications.SentTo(channel, now);

    /// <summary>Resolves an alert for an operator.</summary>
    public void Resolve(Alert alert, DateTimeOffset now)
    {
        Apply(alert, AlertStateMachine.Resolve(alert, now), now);
        _incidents.Evaluate(now);
    }

    /// <summary>The id of an alert: the rule's name, and a hash of bounded length where there is a label.</summary>
    public static string Fingerprint(string rule, string label) => label.Length == 0
        ? rule
        : $"{rule}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(label)).AsSpan(0, 6))}";

    private void EvaluateRules(IReadOnlyList<SignalReading> readings, DateTimeOffset now)
    {
        var rules = _registry.Rules.Where(static rule => rule.IsEnabled).ToList();
        var expected = rules
            .Select(static rule => rule.Signal)
            .Where(static signal => signal != AlertRules.SignalAge)
            .ToHashSet(StringComparer.Ordinal);
        _readings.Take(readings, expected, now);
        var byRule = _registry.Alerts
            .Where(static alert => !alert.IsEmergency)
            .ToLookup(static alert => alert.RuleName, StringComparer.Ordinal);
        foreach (var rule in rules)
        {
            EvaluateRule(rule, [.. byRule[rule.Name]], now);
        }

        var enabled = rules.Select(static rule => rule.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var alert in byRule.Where(group => !enabled.Contains(group.Key)).SelectMany(static group => group).ToList())
        {
            Apply(alert, AlertStateMachine.Resolve(alert, now), now);
        }
    }

    private void EvaluateRule(AlertRule rule, List<Alert> alerts, DateTimeOffset now)
    {
        // Resolved alerts do not count towards the limit of labels.
        var known = alerts
            .Where(static alert => alert.State != AlertState.Resolved)
            .Select(static alert => alert.Label ?? string.Empty)
            .ToHashSet(StringComparer.Ordinal);
        if (_readings.For(rule, _maxLabels, known) is not { } compared)
        {
            // Without a reading the alerts stay as they are; the rule no_data reports the missing signal.
            return;
        }

        foreach (var (label, reading) in compared)
        {
            var id = Fingerprint(rule.Name, rule.LabelValue is null ? label : string.Empty);
            var current = _registry.Alert(id);
            Apply(current, AlertStateMachine.Next(id, rule, label.Length == 0 ? null : label, current, reading.Value, now), now);
        }

        // The signal is measured, but a label of it has gone: its alert has no cause any more.
        var gone = alerts.Where(alert => alert.State != AlertState.Resolved && !compared.ContainsKey(alert.Label ?? string.Empty)).ToList();
        foreach (var alert in gone)
        {
            Apply(alert, ResolveAfter(rule.KeepFiring, alert, now), now);
        }
    }

    private static Alert? ResolveAfter(TimeSpan keepFiring, Alert alert, DateTimeOffset now)
        => alert.State == AlertState.Firing && now - (alert.ClearSince ?? now) < keepFiring
            ? alert with { ClearSince = alert.ClearSince ?? now }
            : AlertStateMachine.Resolve(alert, now);

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
            _registry.Changes.AddHistory(now, AlertNames.Of(after.State), after.Id, after.RuleName, NotificationText.Summary(after));
        }
    }

    private void ExpireSilences(DateTimeOffset now)
    {
        foreach (var silence in _registry.Silences.Where(silence => silence.EndsAt <= now).ToList())
        {
            _registry.Remove(silence);
            _registry.Changes.AddHistory(
                now, "silence_expired", alertId: null, silence.Rule, $"silence {silence.Id} of {silence.Author}: {silence.Comment}");
        }
    }

    private void Forget(DateTimeOffset now)
    {
        var resolved = _registry.Alerts
            .Where(static alert => alert.State == AlertState.Resolved)
            .OrderByDescending(static alert => alert.ResolvedAt)
            .ToList();
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
