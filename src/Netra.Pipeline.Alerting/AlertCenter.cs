using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// All of alerting: evaluates rules, sends notifications, and lets operators list, acknowledge, silence and change. Changes are stored
/// before their notifications are sent.
/// </summary>
/// <remarks>
/// Safe for any number of threads: one lock guards the state and is held for computing alone; storing and sending happen on loops of their
/// own. Methods that change something complete when it is stored, or could not be stored, which is reported.
/// </remarks>
public sealed partial class AlertCenter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AlertingOptions _options;
    private readonly AlertRules _builtIn;
    private readonly AlertClock _clock;
    private readonly IEventLog _eventLog;
    private readonly ServedTime _time;
    private readonly FailureReporter _failures;
    private readonly OperatorActionLog _operatorActions;
    private readonly ILogger _logger;
    private readonly NotificationOutbox _outbox;
    private readonly IReadOnlyList<INotifier> _notifiers;
    private readonly AlertStorage _storage;
    private readonly EscalationPolicy _configuredPolicy;
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
        IEventLog eventLog,
        TimeProvider time,
        ServedTime served)
    {
        (_options, _builtIn, _storage, _failures) = (options.Value, rules, storage, failures);
        (_operatorActions, _logger, _eventLog, _time) = (operatorActions, logger, eventLog, served);
        _clock = new AlertClock(time);
        _notifiers = [.. notifiers];
        _outbox = new NotificationOutbox(_notifiers, _options, failures, served, _clock, Conclude);
        _configuredPolicy = EscalationPolicy.From(_options.Escalation, _outbox.Channels);
        _registry = new AlertRegistry(rules, _configuredPolicy, []);
        _engine = new AlertEngine(_registry, _options);
    }

    /// <summary>Whether rules are evaluated (<see cref="AlertingOptions.Enabled"/>).</summary>
    public bool IsEnabled => _options.Enabled;

    /// <summary>The names of the channels.</summary>
    public IReadOnlyCollection<string> Channels => _outbox.Channels;

    /// <summary>The alerts that are pending, that fire, or that were resolved in the last hour; the worst first.</summary>
    public IReadOnlyList<AlertView> Alerts
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _registry.Alerts
                        .Select(alert => AlertView.Of(alert, _registry.Incident(alert.IncidentScope()), _registry.SilenceFor(alert)))
                        .OrderBy(static alert => alert.State == AlertState.Resolved)
                        .ThenByDescending(static alert => alert.Severity)
                        .ThenBy(static alert => alert.Since),
                ];
            }
        }
    }

    /// <summary>The rules with their present settings.</summary>
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

    /// <summary>The escalation policy of incidents that begin now.</summary>
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

    /// <summary>The silences that count now. One that has expired may be listed for a second.</summary>
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

    internal AlertRules BuiltIn => _builtIn;

    /// <summary>
    /// Evaluates all rules with the readings of this second. Called once a second; never throws for what it finds, and waits for nothing.
    /// </summary>
    /// <param name="readings">
    /// At least one reading of each signal that rules compare; a signal that is missing for 10 s is an alert.
    /// </param>
    public void Evaluate(IReadOnlyList<SignalReading> readings) => Change(() => Evaluate(_options.Enabled ? readings : null, _clock.Now));

    /// <summary>Lets a second pass in which nothing is measured: open incidents escalate, and silences expire.</summary>
    internal void Advance() => Change(() => Evaluate(readings: null, _clock.Now));

    /// <inheritdoc/>
    public void Dispose()
    {
        _store?.Dispose();
        _outbox.Dispose();
    }

    /// <summary>Opens the store and restores the state that the last process left. Called once, before anything else.</summary>
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
                _registry = new AlertRegistry(_builtIn, _configuredPolicy, documents);
                _engine = new AlertEngine(_registry, _options);
            }
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidDataException or SqliteFailureException)
        {
            store.Dispose();
            var reason = $"what is in it cannot be read: {exception.Message}; put the file aside, or restore it from a copy";
            throw SendFailureException.LogNotOpened(AlertStore.Name, reason, exception);
        }

        RestoreChannels();
        _store = store;
        if (_eventLog is SqliteEventLog log && _storage.Directory is { } directory)
        {
            log.Files.Add(Path.GetFullPath(Path.Combine(directory, AlertStore.Name)));
        }

        _writer = new AlertWriter(store, _outbox, _failures, () => _eventLog.Trouble is not null, _time);
        if (!_options.Enabled)
        {
            Log.Disabled(_logger);
        }

        ReportPolicyProblems();
        _outbox.Add(
        [
            .. documents
                .Where(static document => document.Kind == DocumentKind.Outbox)
                .Select(static document => AlertJson.Read<OutboxEntry>(document.Json))
                .OrderBy(static entry => entry.Notification.At),
        ]);
    }

    /// <summary>Stores changes and sends notifications, until it is cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // The writer is stopped last, so that the outcomes of the last tries are stored too.
        using var storing = new CancellationTokenSource();
        var writer = _writer!.RunAsync(storing.Token);
        try
        {
            var watchdog = new Watchdog(_options.Watchdog, _outbox, _clock, _time);
            await Task.WhenAll(_outbox.RunAsync(cancellationToken), watchdog.RunAsync(cancellationToken));
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
                // It was cancelled above.
            }
        }
    }

    /// <summary>Completes when all changes are stored, or could not be stored.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _writer?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Takes an erased user's id out of all that people have written, in memory and in the file.</summary>
    internal async Task EraseAsync(string userId, CancellationToken cancellationToken)
    {
        var erased = new ErasedText(userId);

        // Twice, since what was on its way to the file when it began comes there in between.
        for (var round = 0; round < 2; round++)
        {
            await FlushAsync(cancellationToken);
            lock (_gate)
            {
                if (_store?.Erase(erased) == true)
                {
                    _registry = new AlertRegistry(_builtIn, _configuredPolicy, _store.Load());
                    _engine = new AlertEngine(_registry, _options);
                }
            }
        }

        if (_store is { } store)
        {
            await JournalTruncation.WhenEmptyAsync(store.TryTruncateJournal, _time, cancellationToken);
        }
    }

    private void RestoreChannels()
    {
        foreach (var channel in _notifiers.OfType<StatefulNotifier>())
        {
            foreach (var notification in _engine.SentTo(channel.Name, _clock.Now))
            {
                channel.Restore(notification);
            }
        }
    }

    private void ReportPolicyProblems()
    {
        var problems = ProblemsOf(Policy);
        if (problems.Count > 0)
        {
            _failures.Report(new Failure(
                FailureCode.NotificationFailed,
                "alerts",
                "The escalation policy that was set does not fit any more, and the next channels are told instead: "
                + string.Join("; ", problems)));
        }
    }

    private void Change(Action change)
    {
        AlertChanges changes;
        lock (_gate)
        {
            change();
            changes = _registry.TakeChanges();

            // Under the lock, so that the writer gets changes in the order in which they were made.
            _writer?.Add(changes);
        }

        foreach (var record in changes.OperatorActions)
        {
            _operatorActions.Add(record);
        }
    }

    private void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason)
    {
        if (!entry.IsOnce)
        {
            Change(() => _engine.Conclude(entry, outcome, reason, _clock.Now));
        }
    }

    private void Evaluate(IReadOnlyList<SignalReading>? readings, DateTimeOffset now)
    {
        if (_time.Lost is var lost && lost > _lost)
        {
            _engine.Shift(lost - _lost);
            _lost = lost;
        }

        _engine.Evaluate(readings, now);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.AlertingDisabled,
            LogLevel.Warning,
            "ALERTING IS OFF (Netra:Alerting:Enabled): no rule is evaluated, and nobody is told of anything but what is raised by hand",
            EventName = nameof(EventIds.AlertingDisabled))]
        public static partial void Disabled(ILogger logger);
    }
}
