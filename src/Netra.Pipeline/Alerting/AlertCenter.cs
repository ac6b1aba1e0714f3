using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Alerts, all of it: evaluates rules, tells channels, and lets operators look, acknowledge, silence and change. What changes is stored before anybody is told of it.
/// </summary>
/// <remarks>
/// Safe for any number of threads: one lock guards the state and is held for computing alone; storing and telling happen on loops of their own. Methods that change something complete when it is stored, or could not be,
/// which is reported.
/// </remarks>
public sealed partial class AlertCenter : IDisposable
{
    private const string Test = "test";
    private const string Watchdog = "watchdog";

    private readonly Lock _gate = new();
    private readonly AlertingOptions _options;
    private readonly AlertRules _builtIn;
    private readonly AlertClock _clock;
    private readonly TimeProvider _time;
    private readonly FailureReporter _failures;
    private readonly AlertAudit _audit;
    private readonly ILogger _logger;
    private readonly NotificationOutbox _outbox;
    private readonly string? _directory;
    private readonly EscalationPolicy _configured;
    private AlertBook _book;
    private AlertEngine _engine;
    private AlertStore? _store;
    private AlertJournal? _journal;

    internal AlertCenter(
        IEnumerable<INotifier> notifiers,
        AlertRules rules,
        AlertStorage storage,
        IOptions<AlertingOptions> options,
        IOptions<DataOptions> data,
        FailureReporter failures,
        AlertAudit audit,
        ILogger<AlertCenter> logger,
        TimeProvider time)
    {
        (_options, _builtIn, _failures, _audit, _logger, _time) = (options.Value, rules, failures, audit, logger, time);
        _clock = new AlertClock(time);
        _directory = storage.IsInMemory ? null : data.Value.DataDirectory;
        _outbox = new NotificationOutbox(notifiers, _options, failures, time, _clock, Conclude);
        _configured = EscalationPolicies.From(_options.Escalation, _outbox.Channels);
        _book = new AlertBook(rules, _configured, []);
        _engine = new AlertEngine(_book, _options);
    }

    /// <summary>Whether rules are evaluated (<see cref="AlertingOptions.Enabled"/>).</summary>
    public bool IsEnabled => _options.Enabled;

    /// <summary>The channels there are.</summary>
    public IReadOnlyCollection<string> Channels => _outbox.Channels;

    /// <summary>The alerts that are pending, that fire, or that were over in the last hour; the worst first.</summary>
    public IReadOnlyList<AlertView> Alerts
    {
        get
        {
            lock (_gate)
            {
                return [.. _book.Alerts.Select(ViewOf).OrderBy(static alert => alert.State == AlertState.Resolved).ThenByDescending(static alert => alert.Severity).ThenBy(static alert => alert.Since)];
            }
        }
    }

    /// <summary>The rules as they are now.</summary>
    public IReadOnlyList<AlertRule> Rules
    {
        get
        {
            lock (_gate)
            {
                return [.. _book.Rules];
            }
        }
    }

    /// <summary>Who is told of incidents that begin now.</summary>
    public EscalationPolicy Policy
    {
        get
        {
            lock (_gate)
            {
                return _book.Policy;
            }
        }
    }

    /// <summary>The silences that count now, or from the next second on do not.</summary>
    public IReadOnlyList<AlertSilence> Silences
    {
        get
        {
            lock (_gate)
            {
                return [.. _book.Silences.OrderBy(static silence => silence.EndsAt)];
            }
        }
    }

    internal TimeSpan AcknowledgeTimeout => Policy.AcknowledgeTimeout;

    internal AlertRules BuiltIn => _builtIn;

    internal DateTimeOffset Now => _clock.Now;

    /// <summary>Compares the readings of this second with all rules. Called once a second; never throws for what it finds, and waits for nothing.</summary>
    /// <param name="readings">Every signal that rules compare has one at least: one that is left out for 10 s is an alert.</param>
    public void Evaluate(IReadOnlyList<SignalReading> readings)
        => Change(() => _engine.Evaluate(_options.Enabled ? readings : null, _clock.Now));

    /// <summary>Lets a second pass in which nothing is measured: what is on escalates, and silences end.</summary>
    internal void Advance() => Change(() => _engine.Evaluate(null, _clock.Now));

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
            if (_book.Alert(id) is not { } alert)
            {
                return AlertAnswer.NotFound;
            }

            if (alert.State != AlertState.Firing || _book.Incident(ScopeOf(alert)) is not { EndsAt: null } incident)
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
            if (_book.Alert(id) is not { } alert)
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
                if (_book.Alerts.Count(static alert => alert is { IsEmergency: true, State: AlertState.Firing }) >= _options.MaxEmergencies)
                {
                    return AlertAnswer.Full;
                }

                _book.Put(new Alert(id, AlertRules.Emergency, Label: null, AlertState.Firing, severity, _clock.Now) { Summary = title, Description = message });
                _book.Changes.Remember(_clock.Now, "firing", id, AlertRules.Emergency, title);
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
        var now = _clock.Now;
        var silence = new AlertSilence($"{Guid.NewGuid():N}"[..12], rule, labels, comment, author, now, now + duration);
        var answer = await DoAsync(
            () =>
            {
                if (_book.Silences.Count >= _options.MaxSilences)
                {
                    return AlertAnswer.Full;
                }

                _book.Put(silence);
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
            if (_book.Silence(id) is not { } silence)
            {
                return AlertAnswer.NotFound;
            }

            _book.Remove(silence);
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
            if (_book.Rule(settings.Name) is not { } rule)
            {
                return AlertAnswer.NotFound;
            }

            if (RuleSettingsCheck.ProblemOf(settings, rule) is { } problem)
            {
                throw new ArgumentException(problem, nameof(settings));
            }

            _book.Put(settings);
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
                Record(author, "policy_changed", "escalation-policy", $"{AlertJson.Write(_book.Policy)} -> {AlertJson.Write(policy)}");
                _book.Put(policy);
                return AlertAnswer.Done;
            },
            cancellationToken);
    }

    /// <summary>All that can be changed while the server runs, to be kept as a file.</summary>
    public AlertConfiguration Export()
    {
        lock (_gate)
        {
            return new AlertConfiguration([.. _book.Rules.Select(RuleSettings.Of)], _book.Policy, [.. _book.Silences]);
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
                var before = new AlertConfiguration([.. _book.Rules.Select(RuleSettings.Of)], _book.Policy, [.. _book.Silences]);
                foreach (var rule in _builtIn.All)
                {
                    _book.Put(configuration.Rules.FirstOrDefault(settings => settings.Name == rule.Name) ?? RuleSettings.Of(rule));
                }

                _book.Put(configuration.Policy);
                foreach (var silence in before.Silences)
                {
                    _book.Remove(silence);
                }

                foreach (var silence in configuration.Silences)
                {
                    _book.Put(silence);
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _store?.Dispose();
        _outbox.Dispose();
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

    /// <summary>Opens the store and takes up what was on when the last process ended. Once, before anything else.</summary>
    /// <exception cref="SendFailureException">It cannot be opened; the message says why.</exception>
    internal void Open()
    {
        var store = AlertStore.Open(_directory, _options.HistoryEntries);
        IReadOnlyList<StoredDocument> documents;
        try
        {
            documents = store.Load();
            lock (_gate)
            {
                _book = new AlertBook(_builtIn, _configured, documents);
                _engine = new AlertEngine(_book, _options);
            }
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidDataException or Log.Sqlite.SqliteFailureException)
        {
            store.Dispose();
            throw SendFailureException.LogNotOpened(AlertStore.Name, $"what is in it cannot be read: {exception.Message}; put the file aside, or restore it from a copy", exception);
        }

        (_store, _journal) = (store, new AlertJournal(store, _outbox, _failures, _time));
        if (!_options.Enabled)
        {
            Lines.Disabled(_logger);
        }

        var problems = ProblemsOf(Policy);
        if (problems.Count > 0)
        {
            _failures.Report(new Failure(FailureCode.NotificationFailed, "alerts", $"The escalation policy that was set does not fit any more, and the next channels are told instead: {string.Join("; ", problems)}"));
        }

        _outbox.Add([.. documents.Where(static document => document.Kind == DocumentKind.Outbox).Select(static document => AlertJson.Read<OutboxEntry>(document.Json)).OrderBy(static entry => entry.Notification.At)]);
    }

    /// <summary>Stores and tells what comes, until it is cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // The journal goes last, so that what channels say while they end is stored too.
        using var storing = new CancellationTokenSource();
        var journal = _journal!.RunAsync(storing.Token);
        try
        {
            await Task.WhenAll(_outbox.RunAsync(cancellationToken), WatchAsync(cancellationToken));
        }
        finally
        {
            await storing.CancelAsync();
            try
            {
                await journal;
            }
            catch (OperationCanceledException)
            {
                // As it was told to.
            }
        }
    }

    /// <summary>Completes when all that was changed is stored, or could not be.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _journal?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    private static string ScopeOf(Alert alert) => alert.IsEmergency ? alert.Id : alert.RuleName;

    private static void ThrowIfAny(IReadOnlyList<string> problems, string parameter)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), parameter);
        }
    }

    private AlertView ViewOf(Alert alert)
    {
        var incident = _book.Incident(ScopeOf(alert));
        var isOn = alert.State == AlertState.Firing && incident is { EndsAt: null };
        return new AlertView(alert.Id, alert.RuleName, alert.Severity, alert.State, alert.Since, NotificationText.Summary(alert), alert.Labels())
        {
            Value = alert.Value,
            Threshold = alert.Threshold,
            Level = alert.State == AlertState.Pending ? null : incident?.Level,
            AcknowledgedBy = isOn ? incident!.AcknowledgedBy : null,
            AcknowledgedUntil = isOn ? incident!.AcknowledgedUntil : null,
            SilencedBy = alert.State == AlertState.Resolved ? null : _book.SilenceOf(alert)?.Id,
            ResolvedAt = alert.ResolvedAt,
        };
    }

    private async Task<AlertAnswer> DoAsync(Func<AlertAnswer> change, CancellationToken cancellationToken)
    {
        var answer = AlertAnswer.Done;
        Change(() => answer = change());
        await FlushAsync(cancellationToken);
        return answer;
    }

    private void Change(Action change)
    {
        AlertChanges changes;
        lock (_gate)
        {
            change();
            changes = _book.TakeChanges();

            // Under the lock, so that changes come to the journal in the order in which they were made.
            _journal?.Add(changes);
        }

        foreach (var record in changes.Audit)
        {
            _audit.Log(record);
        }
    }

    private void Record(string author, string action, string subject, string detail) => _book.Changes.Record(new AuditRecord(0, _clock.Now, author, action, subject, detail));

    private void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason)
    {
        if (entry.IsOnce)
        {
            return;
        }

        Change(() =>
        {
            var notification = entry.Notification;
            var what = $"{AlertNames.Of(notification.Kind)} {notification.IncidentKey} to {entry.Channel}";
            switch (outcome)
            {
                case NotificationOutcome.Sent:
                    _book.Changes.Delete(DocumentKind.Outbox, notification.Id);
                    _book.Changes.Remember(_clock.Now, "sent", alertId: null, notification.RuleName, what);
                    break;
                case NotificationOutcome.Retried:
                    _book.Changes.Save(DocumentKind.Outbox, notification.Id, entry);
                    _book.Changes.Remember(_clock.Now, "retry", alertId: null, notification.RuleName, $"{what}, after try {entry.Attempts}: {reason}");
                    break;
                case NotificationOutcome.Failed:
                    _engine.Redirect(entry, reason, _clock.Now);
                    break;
                default:
                    throw new InvalidOperationException($"Outcome {outcome} is not mapped.");
            }
        });
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        if (_options.Watchdog.Channel is not { Length: > 0 } channel)
        {
            return;
        }

        using var timer = new PeriodicTimer(_options.Watchdog.Interval, _time);
        do
        {
            var now = _clock.Now;
            var notification = new AlertNotification(
                $"{Watchdog}.{now.ToUnixTimeMilliseconds()}", NotificationKind.Trigger, Watchdog, Watchdog, AlertSeverity.Low, EscalationLevel.Operations,
                "Alerting works", $"It comes every {_options.Watchdog.Interval}. When it stays away, nobody is told of alerts.", now, now);
            _outbox.Add([new OutboxEntry(notification, channel, Watchdog, [], Attempts: 0, now, IsOnce: true)]);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private static partial class Lines
    {
        [LoggerMessage(
            EventIds.AlertingDisabled, LogLevel.Warning,
            "ALERTING IS OFF (Netra:Alerting:Enabled): no rule is evaluated, and nobody is told of anything but what is raised by hand", EventName = nameof(EventIds.AlertingDisabled))]
        public static partial void Disabled(ILogger logger);
    }
}
