using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

// What operators do: look, acknowledge, silence, raise, change, and test.
public sealed partial class AlertCenter
{
    private const string Test = "test";

    /// <summary>Stops an incident's escalation for a while.</summary>
    /// <param name="id">One of its alerts.</param>
    /// <param name="author">Who looks after it.</param>
    /// <param name="comment">What they say; may be empty.</param>
    /// <param name="timeout">For how long, 1 s to 7 days; null for what the policy says.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns><see cref="AlertAnswer.Done"/>, <see cref="AlertAnswer.NotFound"/> or <see cref="AlertAnswer.NotFiring"/>.</returns>
    public Task<AlertAnswer> AcknowledgeAsync(string id, string author, string comment, TimeSpan? timeout, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Alert(id) is not { } alert)
            {
                return AlertAnswer.NotFound;
            }

            if (alert.State != AlertState.Firing || _registry.Incident(ScopeOf(alert)) is not { EndsAt: null } incident)
            {
                return AlertAnswer.NotFiring;
            }

            var until = _clock.Now + (timeout ?? incident.Policy.AcknowledgeTimeout);
            _engine.Acknowledge(incident, author, comment, until, _clock.Now);
            Record(author, "alert_acknowledged", id, $"{incident.AcknowledgedBy ?? "nobody"} -> {author} until {until:O}: {comment}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Ends an alert that was raised by hand.</summary>
    /// <returns><see cref="AlertAnswer.Done"/>, <see cref="AlertAnswer.NotFound"/>, <see cref="AlertAnswer.NotFiring"/> or <see cref="AlertAnswer.NotByHand"/>.</returns>
    public Task<AlertAnswer> ResolveAsync(string id, string author, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Alert(id) is not { } alert)
            {
                return AlertAnswer.NotFound;
            }

            if (!alert.IsEmergency)
            {
                return alert.State == AlertState.Firing ? AlertAnswer.NotByHand : AlertAnswer.NotFiring;
            }

            if (alert.State != AlertState.Firing)
            {
                return AlertAnswer.NotFiring;
            }

            _engine.End(alert, _clock.Now);
            Record(author, "alert_resolved", id, "firing -> resolved");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Raises an alert by hand: every level is told at once, whatever is silenced.</summary>
    /// <param name="title">One line.</param>
    /// <param name="message">What has happened, and what to do.</param>
    /// <param name="severity">How bad it is.</param>
    /// <param name="author">Who raises it.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns>The alert's id; null when as many are on as there may be (<see cref="AlertingOptions.MaxEmergencies"/>).</returns>
    public async Task<string?> RaiseEmergencyAsync(string title, string message, AlertSeverity severity, string author, CancellationToken cancellationToken)
    {
        var id = $"emergency-{Guid.NewGuid():N}"[..26];
        var answer = await DoAsync(
            () =>
            {
                if (_registry.Alerts.Count(static alert => alert is { IsEmergency: true, State: AlertState.Firing }) >= _options.MaxEmergencies)
                {
                    return AlertAnswer.Full;
                }

                _registry.Put(new Alert(id, AlertRules.Emergency, Label: null, AlertState.Firing, severity, _clock.Now) { Summary = title, Description = message });
                _registry.Changes.Remember(_clock.Now, "firing", id, AlertRules.Emergency, title);
                _engine.Advance(_clock.Now);
                Record(author, "emergency_raised", id, $"{AlertNames.Of(severity)}: {title}");
                return AlertAnswer.Done;
            },
            cancellationToken);
        if (answer == AlertAnswer.Full)
        {
            return null;
        }

        _failures.Report(new Failure(FailureCode.Emergency, "emergency alert", $"{author} raised {id}: {title}: {message}"));
        return id;
    }

    /// <summary>Keeps channels from being told of something for a while.</summary>
    /// <param name="rule">The rule; null for all.</param>
    /// <param name="labels">The labels that alerts must have.</param>
    /// <param name="comment">Why.</param>
    /// <param name="author">Who.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns>The silence; null when there are as many as there may be (<see cref="AlertingOptions.MaxSilences"/>).</returns>
    public async Task<AlertSilence?> SilenceAsync(
        string? rule, IReadOnlyDictionary<string, string> labels, string comment, string author, TimeSpan duration, CancellationToken cancellationToken)
    {
        // To the millisecond, so that what is exported can be imported without a difference.
        var now = DateTimeOffset.FromUnixTimeMilliseconds(_clock.Now.ToUnixTimeMilliseconds());
        var silence = new AlertSilence($"{Guid.NewGuid():N}"[..12], rule, labels, comment, author, now, now + duration);
        var answer = await DoAsync(
            () =>
            {
                if (_registry.Silences.Count >= _options.MaxSilences)
                {
                    return AlertAnswer.Full;
                }

                _registry.Put(silence);
                Record(author, "silence_created", silence.Id, $"{rule ?? "every rule"} {AlertJson.Write(labels)} until {silence.EndsAt:O}: {comment}");
                return AlertAnswer.Done;
            },
            cancellationToken);
        return answer == AlertAnswer.Done ? silence : null;
    }

    /// <summary>Ends a silence. What it kept from being told is told now.</summary>
    /// <returns><see cref="AlertAnswer.Done"/> or <see cref="AlertAnswer.NotFound"/>.</returns>
    public Task<AlertAnswer> UnsilenceAsync(string id, string author, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Silence(id) is not { } silence)
            {
                return AlertAnswer.NotFound;
            }

            _registry.Remove(silence);
            _engine.Advance(_clock.Now);
            Record(author, "silence_deleted", id, $"{silence.Rule ?? "every rule"} {AlertJson.Write(silence.Labels)}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Changes a rule. It counts from the next second on.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    /// <returns><see cref="AlertAnswer.Done"/> or <see cref="AlertAnswer.NotFound"/>.</returns>
    public Task<AlertAnswer> ChangeRuleAsync(RuleSettings settings, string author, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Rule(settings.Name) is not { } rule)
            {
                return AlertAnswer.NotFound;
            }

            if (RuleSettingsCheck.ProblemOf(settings, rule) is { } problem)
            {
                throw new ArgumentException(problem, nameof(settings));
            }

            _registry.Put(settings);
            Record(author, "rule_changed", rule.Name, $"{AlertJson.Write(RuleSettings.Of(rule))} -> {AlertJson.Write(settings)}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Changes who is told. Incidents that are on keep the policy that stood when they began.</summary>
    /// <exception cref="ArgumentException">The policy is not valid; the message names all that is wrong.</exception>
    public Task ChangePolicyAsync(EscalationPolicy policy, string author, CancellationToken cancellationToken)
    {
        ThrowIfAny(ProblemsOf(policy), nameof(policy));
        return DoAsync(
            () =>
            {
                Record(author, "policy_changed", "escalation-policy", $"{AlertJson.Write(_registry.Policy)} -> {AlertJson.Write(policy)}");
                _registry.Put(policy);
                return AlertAnswer.Done;
            },
            cancellationToken);
    }

    /// <summary>All that can be changed while the server runs, to be kept as a file.</summary>
    public AlertConfiguration Export()
    {
        lock (_gate)
        {
            return new AlertConfiguration([.. _registry.Rules.Select(RuleSettings.Of)], _registry.Policy, [.. _registry.Silences]);
        }
    }

    /// <summary>Replaces all of it.</summary>
    /// <exception cref="ArgumentException">Something is not valid, and nothing is changed; the message names all that is wrong.</exception>
    public Task ImportAsync(AlertConfiguration configuration, string author, CancellationToken cancellationToken)
    {
        ThrowIfAny(ProblemsOf(configuration), nameof(configuration));
        return DoAsync(
            () =>
            {
                var before = new AlertConfiguration([.. _registry.Rules.Select(RuleSettings.Of)], _registry.Policy, [.. _registry.Silences]);
                foreach (var rule in _builtIn.All)
                {
                    _registry.Put(configuration.Rules.FirstOrDefault(settings => settings.Name == rule.Name) ?? RuleSettings.Of(rule));
                }

                _registry.Put(configuration.Policy);
                foreach (var silence in before.Silences)
                {
                    _registry.Remove(silence);
                }

                foreach (var silence in configuration.Silences)
                {
                    _registry.Put(silence);
                }

                Record(author, "configuration_imported", "configuration", $"{AlertJson.Write(before)} -> {AlertJson.Write(configuration)}");
                return AlertAnswer.Done;
            },
            cancellationToken);
    }

    /// <summary>Sends a test notification over a channel, once, now.</summary>
    /// <returns>Why the channel has not taken it; null when it has.</returns>
    /// <exception cref="KeyNotFoundException">There is no such channel.</exception>
    public async Task<string?> TestChannelAsync(string channel, string author, CancellationToken cancellationToken)
    {
        var now = _clock.Now;
        var id = $"{Test}-{Guid.NewGuid():N}"[..17];
        var problem = await _outbox.TryOnceAsync(
            channel,
            new AlertNotification(
                id, NotificationKind.Trigger, id, Test, AlertSeverity.Low, EscalationLevel.Operations, "Test notification", $"{author} tests the channel {channel}. Nothing has happened, and nothing is to be done.", now, now),
            cancellationToken);
        await RecordAsync(author, "channel_tested", channel, problem ?? "sent", cancellationToken);
        return problem;
    }

    /// <summary>Keeps in the audit that somebody changed or read something.</summary>
    /// <param name="author">Who.</param>
    /// <param name="action">What was done, such as <c>user_read</c>.</param>
    /// <param name="subject">To what, such as the user's id.</param>
    /// <param name="detail">More, for people; may be empty.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    public Task RecordAsync(string author, string action, string subject, string detail, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            Record(author, action, subject, detail);
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>A page of what became of alerts and notifications, oldest first.</summary>
    /// <param name="after">The number before the first one; 0 for the beginning.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<IReadOnlyList<AlertHistoryEntry>> ReadHistoryAsync(long after, int limit, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return _store?.History(after, limit) ?? [];
    }

    /// <summary>A page of who changed or read what, oldest first.</summary>
    /// <inheritdoc cref="ReadHistoryAsync"/>
    public async Task<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int limit, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return _store?.Audit(after, limit) ?? [];
    }

    /// <summary>What is wrong with a policy; none when it is valid.</summary>
    internal IReadOnlyList<string> ProblemsOf(EscalationPolicy policy) => EscalationPolicies.ProblemsOf(policy, Channels, _builtIn);

    /// <summary>What is wrong with a configuration; none when it is valid.</summary>
    internal IReadOnlyList<string> ProblemsOf(AlertConfiguration configuration)
    {
        var problems = new List<string>();
        foreach (var settings in configuration.Rules)
        {
            var problem = _builtIn.Find(settings.Name) is { } rule ? RuleSettingsCheck.ProblemOf(settings, rule) : "there is no such rule";
            if (problem is not null)
            {
                problems.Add($"rules '{settings.Name}': {problem}");
            }
        }

        problems.AddRange(configuration.Rules.GroupBy(static rule => rule.Name, StringComparer.Ordinal).Where(static group => group.Count() > 1).Select(static group => $"rules '{group.Key}': it occurs twice"));
        problems.AddRange(ProblemsOf(configuration.Policy).Select(static problem => $"escalation_policy.{problem}"));
        problems.AddRange(configuration.Silences.Where(silence => silence.Rule is not null && _builtIn.Find(silence.Rule) is null).Select(static silence => $"silences '{silence.Id}': there is no rule '{silence.Rule}'"));
        if (configuration.Silences.Count > _options.MaxSilences)
        {
            problems.Add($"silences has {configuration.Silences.Count} entries; there may be {_options.MaxSilences} (Netra:Alerting:MaxSilences)");
        }

        if (configuration.Silences.Select(static silence => silence.Id).Distinct(StringComparer.Ordinal).Count() != configuration.Silences.Count)
        {
            problems.Add("silences: an id occurs twice");
        }

        return problems;
    }

    private static string ScopeOf(Alert alert) => alert.IsEmergency ? alert.Id : alert.RuleName;

    private static void ThrowIfAny(IReadOnlyList<string> problems, string parameter)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), parameter);
        }
    }

    private async Task<AlertAnswer> DoAsync(Func<AlertAnswer> change, CancellationToken cancellationToken)
    {
        var answer = AlertAnswer.Done;
        Change(() => answer = change());
        await FlushAsync(cancellationToken);
        return answer;
    }

    private void Record(string author, string action, string subject, string detail) => _registry.Changes.Record(new AuditRecord(0, _clock.Now, author, action, subject, detail));
}
