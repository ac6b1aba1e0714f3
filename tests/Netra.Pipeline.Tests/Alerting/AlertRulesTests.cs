using Netra.Pipeline.Alerting;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

[Parallelizable(ParallelScope.All)]
internal sealed class AlertRulesTests
{
    private static IEnumerable<string> Names => new AlertRules().All.Select(static rule => rule.Name);

    [TestCase("silent_failures", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("isolation_violations", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("bridge_failures", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("low_success_rate", AlertSeverity.High, AlertComparison.Below, 0.95, 30)]
    [TestCase("very_low_success_rate", AlertSeverity.Critical, AlertComparison.Below, 0.90, 30)]
    [TestCase("high_latency", AlertSeverity.Medium, AlertComparison.Above, 2, 0)]
    [TestCase("very_high_latency", AlertSeverity.Critical, AlertComparison.Above, 10, 0)]
    [TestCase("no_connections", AlertSeverity.High, AlertComparison.Above, 0, 50)]
    [TestCase("failure_rate", AlertSeverity.High, AlertComparison.Above, 30, 0)]
    [TestCase("buffer_overflow", AlertSeverity.Medium, AlertComparison.Above, 0, 0)]
    [TestCase("critical_delivery_failed", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("log_failed", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("event_dropped", AlertSeverity.Medium, AlertComparison.Above, 0, 0)]
    [TestCase("background_failed", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("observer_failed", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("notification_failed", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("flow_violation", AlertSeverity.Medium, AlertComparison.Above, 0, 0)]
    [TestCase("agent_communication", AlertSeverity.Medium, AlertComparison.Above, 0, 0)]
    [TestCase("context_missing", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("webhook_failed", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("critical_log", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("ledger_unaccounted", AlertSeverity.Critical, AlertComparison.NotEqual, 0, 0)]
    [TestCase("canary_failed", AlertSeverity.Critical, AlertComparison.AtLeast, 1, 0)]
    [TestCase("log_trouble", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("data_files_lost", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("stalled_runs", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("stuck_loops", AlertSeverity.Critical, AlertComparison.Above, 0, 0)]
    [TestCase("stuck_tools", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("overdue_answers", AlertSeverity.Medium, AlertComparison.Above, 0, 0)]
    [TestCase("untaken_commands", AlertSeverity.High, AlertComparison.Above, 0, 300)]
    [TestCase("unhealthy_check", AlertSeverity.High, AlertComparison.Above, 0, 5)]
    [TestCase("emergency_mode", AlertSeverity.High, AlertComparison.Above, 0, 0)]
    [TestCase("performance_degraded", AlertSeverity.Medium, AlertComparison.Above, 3, 120)]
    [TestCase("memory_leak", AlertSeverity.High, AlertComparison.Above, 268_435_456, 600)]
    [TestCase("thread_pool_starved", AlertSeverity.High, AlertComparison.Above, 1, 5)]
    [TestCase("handles_running_out", AlertSeverity.High, AlertComparison.Above, 0.8, 0)]
    [TestCase("no_data", AlertSeverity.High, AlertComparison.AtLeast, 10, 0)]
    public void Rules_EachOne_IsAsItIsDocumented(
        string name, AlertSeverity severity, AlertComparison comparison, double threshold, double seconds)
    {
        var rule = new AlertRules().Find(name)!;

        Assert.That(
            (rule.Severity, rule.Comparison, rule.Threshold, rule.For.TotalSeconds),
            Is.EqualTo((severity, comparison, threshold, seconds)));
    }

    [Test]
    public void Rules_All_HaveTextsOneNameAndAKnownSignal()
    {
        var signals = typeof(Signals)
            .GetFields()
            .Select(static field => (string)field.GetRawConstantValue()!)
            .Append(AlertRules.SignalAge)
            .ToList();
        var rules = new AlertRules().All;

        Assert.That(rules, Has.Count.EqualTo(37));
        Assert.That(rules.Select(static rule => rule.Name), Is.Unique.And.All.Match("^[a-z0-9_]+$"));
        Assert.That(rules.Select(static rule => rule.Signal).Distinct(StringComparer.Ordinal), Is.SubsetOf(signals));
        Assert.That(signals, Is.SubsetOf(rules.Select(static rule => rule.Signal)), "a signal that no rule compares");
        Assert.That(
            rules,
            Has.All.Matches<AlertRule>(
                static rule => rule.Summary.Length > 10 && rule.Description.Length > 20 && rule.IsClearThresholdPossible));
        Assert.That(rules.SelectMany(static rule => rule.InhibitedBy), Is.SubsetOf(Names));
        Assert.That(
            rules.Where(static rule => rule.Signal == Signals.Failures && rule.LabelValue is not null).Select(
                static rule => rule.LabelValue),
            Is.SubsetOf(Enum.GetValues<FailureCode>().Select(FailureCodes.WireName)));
    }

    [TestCase(0.99, 3, 0.90, 15)]
    [TestCase(0.92, 1, 0.87, 10)]
    [TestCase(0.02, 60, 0, 300)]
    public void Rules_WithOtherLimits_KeepTheirDistance(double rate, double latency, double veryLow, double veryHigh)
    {
        var rules = new AlertRules(rate, TimeSpan.FromSeconds(latency));

        Assert.That(
            (rules.Find("low_success_rate")!.Threshold, rules.Find("very_low_success_rate")!.Threshold), Is.EqualTo((rate, veryLow)));
        Assert.That((rules.Find("high_latency")!.Threshold, rules.Find("very_high_latency")!.Threshold), Is.EqualTo((latency, veryHigh)));
    }

    [TestCaseSource(nameof(Names))]
    public void Rule_HoldsForItsTime_FiresAndResolvesByItself(string name)
    {
        var rule = new AlertRules().Find(name)!;
        var label = rule.LabelValue ?? (rule.LabelName is null ? null : "x");
        var engine = new EngineUnderTest();
        engine.Step();

        // A signal that is missing holds by being missing.
        var isAge = rule.Signal == AlertRules.SignalAge;
        var wait = isAge ? 9 : (int)rule.For.TotalSeconds;
        var id = isAge ? AlertEngine.Fingerprint(name, Signals.HandleUsage) : AlertEngine.Fingerprint(
            name, rule.LabelName is not null && rule.LabelValue is null ? label! : string.Empty);
        Worsen();
        engine.Step(wait);
        if (wait > 0)
        {
            Assert.That(engine.StateOf(id), isAge ? Is.Null : Is.EqualTo(AlertState.Pending));
            Assert.That(engine.Sent.Where(entry => entry.Notification.RuleName == name), Is.Empty);
        }

        engine.Step();
        Assert.That(engine.StateOf(id), Is.EqualTo(AlertState.Firing));
        var trigger = engine.Sent.First(entry => entry.Notification.RuleName == name).Notification;
        Assert.That(
            (trigger.Kind, trigger.Severity, trigger.Level),
            Is.EqualTo((
                NotificationKind.Trigger,
                rule.Severity,
                name == "silent_failures" ? EscalationLevel.Management : EscalationLevel.Operations)));
        Assert.That(trigger.Summary, Does.StartWith(rule.Summary));
        Assert.That(trigger.Value, isAge ? Is.Null : Is.EqualTo(EngineUnderTest.BadFor(rule)));

        Improve();
        engine.Step();
        Assert.That(engine.StateOf(id), Is.EqualTo(AlertState.Resolved));
        var sent = engine.Sent.Where(entry => entry.Notification.RuleName == name).ToLookup(
            static entry => entry.Notification.Kind, static entry => (entry.Channel, entry.Notification.Level));
        Assert.That(sent[NotificationKind.Resolve], Is.EquivalentTo(sent[NotificationKind.Trigger]));

        void Worsen()
        {
            if (isAge)
            {
                engine.Unset(Signals.HandleUsage);
            }
            else
            {
                engine.Set(rule.Signal, EngineUnderTest.BadFor(rule), label);
            }
        }

        void Improve()
        {
            if (label is null || isAge)
            {
                engine.Set(isAge ? Signals.HandleUsage : rule.Signal, EngineUnderTest.BestOf(rule.Signal));
            }
            else
            {
                engine.Unset(rule.Signal, label);
            }
        }
    }

    [TestCaseSource(nameof(Names))]
    public void Rule_AtItsThreshold_HoldsOnlyWhereItSays(string name)
    {
        var rule = new AlertRules().Find(name)!;

        Assert.That(rule.Holds(rule.Threshold), Is.EqualTo(rule.Comparison == AlertComparison.AtLeast));
        Assert.That(rule.Holds(EngineUnderTest.BadFor(rule)), Is.True);
        Assert.That(rule.IsClear(EngineUnderTest.BestOf(rule.Signal)), Is.True);
    }
}
