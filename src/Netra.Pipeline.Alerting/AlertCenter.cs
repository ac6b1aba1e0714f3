using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

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
    private const string Watchdog = "watchdog";

    private readonly Lock _gate = new();
    private readonly AlertingOptions _options;
    private readonly AlertRules _builtIn;
    private readonly AlertClock _clock;
    private readonly IEventLog _log;
    private readonly ServedTime _time;
    private readonly FailureReporter _failures;
    private readonly OperatorActionLog _operatorActions;
    private readonly ILogger _logger;
    private readonly NotificationOutbox _outbox;
    private readonly IReadOnlyList<INotifier> _notifiers;
    private readonly AlertStorage _storage;
    private readonly EscalationPolicy _configured;
    private AlertRegistry _registry;
    private AlertEngine _engine;
    private AlertStore? _store;
    private AlertWriter? _writer;
    private TimeSpan _lost;

    internal AlertCenter(
        IEnumerable<INotifier> notifiers,
        AlertRules rules,
        AlertStorage storage,
        IOptions<AlertingOptions> options,
        FailureReporter failures,
        OperatorActionLog operatorActions,
        ILogger<AlertCenter> logger,
        IEventLog log,
        TimeProvider time,
        ServedTime served)
    {
        (_options, _builtIn, _failures, _operatorActions, _logger, _log, _time) = (options.Value, rules, failures, operatorActions, logger, log, served);
        _clock = new AlertClock(time);
        _storage = storage;
        _notifiers = [.. notifiers];
        _outbox = new NotificationOutbox(_notifiers, _options, failures, served, _clock, Conclude);
        _configured = EscalationPolicies.From(_options.Escalation, _outbox.Channels);
        _registry = new AlertRegistry(rules, _configured, []);
        _engine = new AlertEngine(_registry, _options);
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
                return [.. _registry.Alerts.Select(ViewOf).OrderBy(static alert => alert.State == AlertState.Resolved).ThenByDescending(static alert => alert.Severity).ThenBy(static alert => alert.Since)];
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
                return [.. _registry.Rules];
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
                return _registry.Policy;
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
                return [.. _registry.Silences.OrderBy(static silence => silence.EndsAt)];
            }
        }
    }

    internal TimeSpan AcknowledgeTimeout => Policy.AcknowledgeTimeout;

    internal AlertRules BuiltIn => _builtIn;

    internal DateTimeOffset Now => _clock.Now;

    /// <summary>Compares the readings of this second with all rules. Called once a second; never throws for what it finds, and waits for nothing.</summary>
    /// <param name="readings">Every signal that rules compare has one at least: one that is left out for 10 s is an alert.</param>
    public void Evaluate(IReadOnlyList<SignalReading> readings)
        => Change(() => LetPass(_options.Enabled ? readings : null));

    /// <summary>Lets a second pass in which nothing is measured: what is on escalates, and silences end.</summary>
    internal void Advance() => Change(() => LetPass(readings: null));

    /// <inheritdoc/>
    public void Dispose()
    {
        _store?.Dispose();
        _outbox.Dispose();
    }

    /// <summary>Opens the store and takes up what was on when the last process ended. Once, before anything else.</summary>
    /// <exception cref="SendFailureException">It cannot be opened; the message says why.</exception>
    internal void Open()
    {
        var store = AlertStore.Open(_storage.Directory, _options.HistoryEntries);
        IReadOnlyList<StoredDocument> documents;
        try
        {
            documents = store.Load();
            lock (_gate)
            {
                _registry = new AlertRegistry(_builtIn, _configured, documents);
                _engine = new AlertEngine(_registry, _options);
            }
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidDataException or SqliteFailureException)
        {
            store.Dispose();
            throw SendFailureException.LogNotOpened(AlertStore.Name, $"what is in it cannot be read: {exception.Message}; put the file aside, or restore it from a copy", exception);
        }

        RestoreChannels();
        (_store, _writer) = (store, new AlertWriter(store, _outbox, _failures, () => _log.Trouble is not null, _time));
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

    // An Alertmanager takes an alert for resolved that is not sent again, and what was sent is known to this process alone.
    private void RestoreChannels()
    {
        foreach (var channel in _notifiers.OfType<StatefulNotifier>())
        {
            foreach (var notification in new IncidentEngine(_registry, _options.Cooldown).ToldTo(channel.Name, _clock.Now))
            {
                channel.Restore(notification);
            }
        }
    }

    /// <summary>Stores and tells what comes, until it is cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // The writer goes last, so that what channels say while they end is stored too.
        using var storing = new CancellationTokenSource();
        var writer = _writer!.RunAsync(storing.Token);
        try
        {
            await Task.WhenAll(_outbox.RunAsync(cancellationToken), WatchAsync(cancellationToken));
        }
        finally
        {
            await storing.CancelAsync();
            try
            {
                await writer;
            }
            catch (OperationCanceledException)
            {
                // As it was told to.
            }
        }
    }

    /// <summary>Completes when all that was changed is stored, or could not be.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _writer?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    private AlertView ViewOf(Alert alert)
    {
        var incident = _registry.Incident(ScopeOf(alert));
        var isOn = alert.State == AlertState.Firing && incident is { EndsAt: null };
        return new AlertView(alert.Id, alert.RuleName, alert.Severity, alert.State, alert.Since, NotificationText.Summary(alert), alert.Labels())
        {
            Value = alert.Value,
            Threshold = alert.Threshold,
            Level = alert.State == AlertState.Pending ? null : incident?.Level,
            AcknowledgedBy = isOn ? incident!.AcknowledgedBy : null,
            AcknowledgedUntil = isOn ? incident!.AcknowledgedUntil : null,
            SilencedBy = alert.State == AlertState.Resolved ? null : _registry.SilenceOf(alert)?.Id,
            ResolvedAt = alert.ResolvedAt,
        };
    }

    private void Change(Action change)
    {
        AlertChanges changes;
        lock (_gate)
        {
            change();
            changes = _registry.TakeChanges();

            // Under the lock, so that changes come to the writer in the order in which they were made.
            _writer?.Add(changes);
        }

        foreach (var record in changes.Audit)
        {
            _operatorActions.Add(record);
        }
    }

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
                    _registry.Changes.Delete(DocumentKind.Outbox, notification.Id);
                    _registry.Changes.Remember(_clock.Now, "sent", alertId: null, notification.RuleName, what);
                    break;
                case NotificationOutcome.Retried:
                    _registry.Changes.Save(DocumentKind.Outbox, notification.Id, entry);
                    _registry.Changes.Remember(_clock.Now, "retry", alertId: null, notification.RuleName, $"{what}, after try {entry.Attempts}: {reason}");
                    break;
                case NotificationOutcome.Failed:
                    _engine.Redirect(entry, reason, _clock.Now);
                    break;
                default:
                    throw new InvalidOperationException($"Outcome {outcome} is not mapped.");
            }
        });
    }

    private void LetPass(IReadOnlyList<SignalReading>? readings)
    {
        if (_time.Lost is var lost && lost > _lost)
        {
            _engine.Shift(lost - _lost);
            _lost = lost;
        }

        _engine.Evaluate(readings, _clock.Now);
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
