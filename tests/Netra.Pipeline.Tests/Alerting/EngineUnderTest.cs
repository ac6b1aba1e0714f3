using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>
/// An engine on time that a test gives it, second by second, with a store that is only a dictionary: a restart is the same engine, made
/// anew of what was stored.
/// </summary>
internal sealed class EngineUnderTest
{
    private readonly AlertingOptions _options;
    private readonly AlertRules _rules;
    private readonly Dictionary<(DocumentKind Kind, string Id), string> _documents = [];
    private readonly SortedDictionary<(string Signal, string? Label), double> _readings = [];
    private AlertRegistry _registry = null!;
    private AlertEngine _engine = null!;

    public EngineUnderTest(EscalationPolicy? policy = null, AlertingOptions? options = null, AlertRules? rules = null)
    {
        (_options, _rules) = (options ?? new AlertingOptions(), rules ?? new AlertRules());
        Policy = policy ?? TwoChannels;
        foreach (var signal in _rules.All.Select(static rule => rule.Signal).Where(static signal => signal != AlertRules.SignalAge))
        {
            _readings[(signal, null)] = BestOf(signal);
        }

        Restart();
    }

    /// <summary>
    /// Operations over pager and chat at once, engineering over pager after 10 min, management over mail after 20 min more, executive over
    /// mail after 30 min more; management always of silent failures.
    /// </summary>
    public static EscalationPolicy TwoChannels { get; } = new(
        [
            new EscalationStep(EscalationLevel.Operations, TimeSpan.Zero, ["pager", "chat"]),
            new EscalationStep(EscalationLevel.Engineering, TimeSpan.FromMinutes(10), ["pager"]),
            new EscalationStep(EscalationLevel.Management, TimeSpan.FromMinutes(20), ["mail"]),
            new EscalationStep(EscalationLevel.Executive, TimeSpan.FromMinutes(30), ["mail"]),
        ],
        [new AlwaysInform("silent_failures", EscalationLevel.Management)],
        TimeSpan.FromMinutes(30));

    public EscalationPolicy Policy { get; }

    public DateTimeOffset Now { get; private set; } = TestTimeProvider.Start;

    public AlertRegistry Registry => _registry;

    /// <summary>All notifications, in order.</summary>
    public List<OutboxEntry> Sent { get; } = [];

    public List<AlertHistoryEntry> History { get; } = [];

    /// <summary>The notifications since the last call: kind, rule, channel and level.</summary>
    public List<string> News()
    {
        var news = Sent.Skip(_seen).Select(static entry =>
            $"{AlertNames.Of(entry.Notification.Kind)} {entry.Notification.RuleName} "
            + $"{entry.Channel}/{AlertNames.Of(entry.Notification.Level)}").ToList();
        _seen = Sent.Count;
        return news;
    }

    private int _seen;

    /// <summary>The value of a signal that nothing is wrong with.</summary>
    public static double BestOf(string signal) => signal is Signals.SuccessRate or Signals.LatencyDegradation ? 1 : 0;

    /// <summary>A value at which a rule holds.</summary>
    public static double BadFor(AlertRule rule) => rule.Comparison switch
    {
        AlertComparison.AtLeast => rule.Threshold,
        AlertComparison.Below => Math.BitDecrement(rule.Threshold),
        _ => Math.BitIncrement(rule.Threshold),
    };

    public void Set(string signal, double value, string? label = null) => _readings[(signal, label)] = value;

    public void Unset(string signal, string? label = null) => _readings.Remove((signal, label));

    /// <summary>Lets seconds pass; in each the readings are evaluated as they are.</summary>
    public void Step(int seconds = 1)
    {
        for (var i = 0; i < seconds; i++)
        {
            Now += TimeSpan.FromSeconds(1);
            _engine.Evaluate(
                [.. _readings.Select(static reading => new SignalReading(reading.Key.Signal, reading.Key.Label, reading.Value))], Now);
            Commit();
        }
    }

    /// <summary>Lets time pass at once, as for a process that did not run.</summary>
    public void Skip(TimeSpan time) => Now += time;

    /// <summary>The process does not run for a while, and goes on.</summary>
    public void StandStill(TimeSpan time)
    {
        Now += time;
        Do((engine, _) => engine.Shift(time));
    }

    public void Restart()
    {
        _registry = new AlertRegistry(
            _rules,
            Policy,
            _documents.Select(static document => new StoredDocument(document.Key.Kind, document.Key.Id, document.Value)).ToList());
        _engine = new AlertEngine(_registry, _options);
    }

    public void Do(Action<AlertEngine, AlertRegistry> action)
    {
        action(_engine, _registry);
        Commit();
    }

    public void Acknowledge(string rule, TimeSpan timeout)
        => Do((engine, registry) => engine.Acknowledge(registry.Incident(rule)!, "ada", string.Empty, Now + timeout, Now));

    public void Silence(string? rule, TimeSpan duration, IReadOnlyDictionary<string, string>? labels = null)
        => Do(
            (_, registry) => registry.Put(
                new AlertSilence(
                    $"s{registry.Silences.Count}", rule, labels ?? new Dictionary<string, string>(), "busy", "ada", Now, Now + duration)));

    public void Change(string rule, Func<RuleSettings, RuleSettings> change)
        => Do((_, registry) => registry.Put(change(RuleSettings.Of(registry.Rule(rule)!))));

    public AlertState? StateOf(string id) => _registry.Alert(id)?.State;

    private void Commit()
    {
        var changes = _registry.TakeChanges();
        foreach (var (key, json) in changes.Documents.Where(static document => document.Key.Kind != DocumentKind.Outbox))
        {
            if (json is null)
            {
                _documents.Remove(key);
            }
            else
            {
                _documents[key] = json;
            }
        }

        Sent.AddRange(changes.Notifications);
        History.AddRange(changes.History);
    }
}
