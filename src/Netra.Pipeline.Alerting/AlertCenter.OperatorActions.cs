using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

// The actions of operators. Each is recorded with its author.
public sealed partial class AlertCenter
{
    /// <summary>Acknowledges an incident: stops its escalation for a while.</summary>
    /// <param name="id">One of its alerts.</param>
    /// <param name="author">The operator.</param>
    /// <param name="comment">A comment; may be empty.</param>
    /// <param name="timeout">For how long, 1 s to 7 days; null for the timeout of the policy.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns><see cref="AlertAnswer.Done"/>, <see cref="AlertAnswer.NotFound"/> or <see cref="AlertAnswer.NotFiring"/>.</returns>
    public Task<AlertAnswer> AcknowledgeAsync(
        string id, string author, string comment, TimeSpan? timeout, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Alert(id) is not { } alert)
            {
                return AlertAnswer.NotFound;
            }

            if (alert.State != AlertState.Firing || _registry.Incident(alert.IncidentScope()) is not { EndsAt: null } incident)
            {
                return AlertAnswer.NotFiring;
            }

            var until = _clock.Now + (timeout ?? incident.Policy.AcknowledgeTimeout);
            _engine.Acknowledge(incident, author, comment, until, _clock.Now);
            Record(author, "alert_acknowledged", id, $"{incident.AcknowledgedBy ?? "nobody"} -> {author} until {until:O}: {comment}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Resolves an emergency alert.</summary>
    /// <returns>
    /// <see cref="AlertAnswer.Done"/>, <see cref="AlertAnswer.NotFound"/>, <see cref="AlertAnswer.NotFiring"/> or
    /// <see cref="AlertAnswer.NotByHand"/>.
    /// </returns>
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

            _engine.Resolve(alert, _clock.Now);
            Record(author, "alert_resolved", id, "firing -> resolved");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Raises an emergency alert: every level is notified at once, whatever is silenced.</summary>
    /// <param name="title">One line.</param>
    /// <param name="message">What has happened, and what to do.</param>
    /// <param name="severity">How bad it is.</param>
    /// <param name="author">The operator.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns>The alert's id; null when as many fire as there may be (<see cref="AlertingOptions.MaxEmergencies"/>).</returns>
    public async Task<string?> RaiseEmergencyAsync(
        string title, string message, AlertSeverity severity, string author, CancellationToken cancellationToken)
    {
        var id = $"emergency-{Guid.NewGuid():N}"[..26];
        var answer = await DoAsync(
            () =>
            {
                var firing = _registry.Alerts.Count(static alert => alert is { IsEmergency: true, State: AlertState.Firing });
                if (firing >= _options.MaxEmergencies)
                {
                    return AlertAnswer.Full;
                }

                _registry.Put(new Alert(id, AlertRules.Emergency, Label: null, AlertState.Firing, severity, _clock.Now)
                {
                    Summary = title,
                    Description = message,
                });
                _registry.Changes.AddHistory(_clock.Now, "firing", id, AlertRules.Emergency, title);
                _engine.EvaluateIncidents(_clock.Now);
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

    /// <summary>Adds a silence: for a while, no notifications are sent of alerts that match it.</summary>
    /// <param name="rule">The rule; null for all.</param>
    /// <param name="labels">The labels that alerts must have.</param>
    /// <param name="comment">Why.</param>
    /// <param name="author">The operator.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    /// <returns>The silence; null when there are as many as there may be (<see cref="AlertingOptions.MaxSilences"/>).</returns>
    public async Task<AlertSilence?> SilenceAsync(
        string? rule,
        IReadOnlyDictionary<string, string> labels,
        string comment,
        string author,
        TimeSpan duration,
        CancellationToken cancellationToken)
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
                Record(
                    author,
                    "silence_created",
                    silence.Id,
                    $"{rule ?? "every rule"} {AlertJson.Write(labels)} until {silence.EndsAt:O}: {comment}");
                return AlertAnswer.Done;
            },
            cancellationToken);
        return answer == AlertAnswer.Done ? silence : null;
    }

    /// <summary>Removes a silence. Notifications of the alerts that it matched are sent now.</summary>
    /// <returns><see cref="AlertAnswer.Done"/> or <see cref="AlertAnswer.NotFound"/>.</returns>
    public Task<AlertAnswer> UnsilenceAsync(string id, string author, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Silence(id) is not { } silence)
            {
                return AlertAnswer.NotFound;
            }

            _registry.Remove(silence);
            _engine.EvaluateIncidents(_clock.Now);
            Record(author, "silence_deleted", id, $"{silence.Rule ?? "every rule"} {AlertJson.Write(silence.Labels)}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Changes a rule's settings. They count from the next second on.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    /// <returns><see cref="AlertAnswer.Done"/> or <see cref="AlertAnswer.NotFound"/>.</returns>
    public Task<AlertAnswer> ChangeRuleAsync(RuleSettings settings, string author, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            if (_registry.Rule(settings.Name) is not { } rule)
            {
                return AlertAnswer.NotFound;
            }

            if (settings.ProblemFor(rule) is { } problem)
            {
                throw new ArgumentException(problem, nameof(settings));
            }

            _registry.Put(settings);
            Record(author, "rule_changed", rule.Name, $"{AlertJson.Write(RuleSettings.Of(rule))} -> {AlertJson.Write(settings)}");
            return AlertAnswer.Done;
        },
        cancellationToken);

    /// <summary>Changes the escalation policy. Open incidents keep the policy they began with.</summary>
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

    /// <summary>All that operators can change while the server runs, to be kept as a file.</summary>
    public AlertConfiguration Export()
    {
        lock (_gate)
        {
            return _registry.Configuration;
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
                var before = _registry.Configuration;
                _registry.Replace(configuration);
                Record(
                    author,
                    "configuration_imported",
                    "configuration",
                    $"{AlertJson.Write(before)} -> {AlertJson.Write(configuration)}");
                return AlertAnswer.Done;
            },
            cancellationToken);
    }

    /// <summary>Sends a test notification over a channel now, with one try.</summary>
    /// <returns>Why the channel has not taken it; null when it has.</returns>
    /// <exception cref="KeyNotFoundException">There is no such channel.</exception>
    public async Task<string?> TestChannelAsync(string channel, string author, CancellationToken cancellationToken)
    {
        var problem = await _outbox.TryOnceAsync(channel, AlertNotification.ForTest(channel, author, _clock.Now), cancellationToken);
        await RecordAsync(author, "channel_tested", channel, problem ?? "sent", cancellationToken);
        return problem;
    }

    /// <summary>Stores and logs that an operator has changed or read something.</summary>
    /// <param name="author">The operator.</param>
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

    /// <summary>A page of the history of alerts and notifications, oldest first.</summary>
    /// <param name="after">The number before the first entry; 0 for the beginning.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<IReadOnlyList<AlertHistoryEntry>> ReadHistoryAsync(long after, int limit, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return _store?.History(after, limit) ?? [];
    }

    /// <summary>A page of the history, newest first.</summary>
    /// <param name="before">Only entries with a lower number.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels waiting for what is about to be stored.</param>
    internal async Task<IReadOnlyList<AlertHistoryEntry>> ReadNewestHistoryAsync(
        long before, int limit, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return _store?.NewestHistory(before, limit) ?? [];
    }

    /// <summary>A page of operators' actions, oldest first.</summary>
    /// <inheritdoc cref="ReadHistoryAsync"/>
    public async Task<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int limit, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return _store?.OperatorActions(after, limit) ?? [];
    }

    /// <summary>What is wrong with a policy; empty when it is valid.</summary>
    internal IReadOnlyList<string> ProblemsOf(EscalationPolicy policy) => policy.Problems(Channels, _builtIn);

    /// <summary>What is wrong with a configuration; empty when it is valid.</summary>
    internal IReadOnlyList<string> ProblemsOf(AlertConfiguration configuration)
        => configuration.Problems(Channels, _builtIn, _options.MaxSilences);

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

    private void Record(string author, string action, string subject, string detail)
        => _registry.Changes.AddOperatorAction(new AuditRecord(0, _clock.Now, author, action, subject, detail));
}
