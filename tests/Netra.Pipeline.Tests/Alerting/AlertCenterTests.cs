using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>Alerts over the ends of processes, on a real file, and with a file that fails.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertCenterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netra-alerts-");
    private readonly TestTimeProvider _time = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Test]
    public async Task Restart_IncidentThatIsOn_GoesOnAndIsNotToldAgain()
    {
        var pager = new ScriptedNotifier("pager");
        await using (var center = Start(pager))
        {
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 1, "it was told");
            await Eventually.BecomesTrueAsync(async () => (await HistoryAsync(center)).Contains("sent"), "it was stored that it was told");
        }

        _time.Advance(TimeSpan.FromMinutes(2));
        await using (var center = Start(pager))
        {
            Assert.That(center.Alerts.Alerts.Single().State, Is.EqualTo(AlertState.Firing));
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            await center.EvaluateAsync(Signals.DeliveryLatency, 1);
            await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 2, "it was told that it is over");
        }

        Assert.That(pager.Taken, Is.EqualTo(new[] { "trigger high_latency", "resolve high_latency" }));
        Assert.That(
            pager.Tried.Select(static tried => tried.Notification.IncidentKey).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Restart_WhatWasNotTold_IsToldAsTheSame()
    {
        var down = new ScriptedNotifier("pager") { Script = static (_, _) => throw new InvalidOperationException("no line") };
        await using (var center = Start(down))
        {
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            await Eventually.BecomesTrueAsync(() => down.Tried.Count == 1, "it was tried");
        }

        var up = new ScriptedNotifier("pager");
        await using (var center = Start(up))
        {
            await center.PassUntilAsync(() => up.Taken.Count == 1, "it was told after the restart");
        }

        Assert.That(up.Tried[0].Notification.Id, Is.EqualTo(down.Tried[0].Notification.Id));

        // And never again.
        await using (var center = Start(up))
        {
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            await center.EvaluateAsync(Signals.StuckTools, 1);
            await Eventually.BecomesTrueAsync(() => up.Taken.Count == 2, "the next one was told");
        }

        Assert.That(up.Taken, Is.EqualTo(new[] { "trigger high_latency", "trigger stuck_tools" }));
    }

    [Test]
    public async Task Restart_AlertmanagerWasToldOfAnIncident_IsToldOfItAgain()
    {
        // No server listens there; the alerts are kept to be sent again all the same.
        using var http = new ChannelHttp(_time);
        var options = Options.Create(new AlertmanagerOptions { Url = "http://127.0.0.1:9" });
        var before = new AlertmanagerNotifier(options, http, _time);
        await using (var center = new CenterUnderTest(_time, [before], _folder.FullName))
        {
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            await Eventually.BecomesTrueAsync(() => before.Kept == 1, "it was told");
        }

        var after = new AlertmanagerNotifier(options, http, _time);
        await using (new CenterUnderTest(_time, [after], _folder.FullName))
        {
            Assert.That(after.Kept, Is.EqualTo(1), "an Alertmanager that is not told again takes it for over");
        }
    }

    [Test]
    public async Task Restart_WhatOperatorsDid_Stands()
    {
        var pager = new ScriptedNotifier("pager");
        var cancellationToken = CancellationToken.None;
        string emergency;
        await using (var center = Start(pager))
        {
            await center.EvaluateAsync(Signals.DeliveryLatency, 3);
            Assert.That(
                await center.Alerts.AcknowledgeAsync("high_latency", "ada", "on it", TimeSpan.FromHours(1), cancellationToken),
                Is.EqualTo(AlertAnswer.Done));
            await center.Alerts.SilenceAsync(
                "stuck_tools", new Dictionary<string, string>(), "known", "bob", TimeSpan.FromHours(1), cancellationToken);
            var settings = RuleSettings.Of(center.Alerts.Rules.Single(static rule => rule.Name == "failure_rate"));
            await center.Alerts.ChangeRuleAsync(settings with { Threshold = 5, ClearThreshold = 4 }, "eve", cancellationToken);
            await center.Alerts.ChangePolicyAsync(
                center.Alerts.Policy with { AcknowledgeTimeout = TimeSpan.FromMinutes(7) }, "eve", cancellationToken);
            emergency = (await center.Alerts.RaiseEmergencyAsync(
                "fire", "the building burns", AlertSeverity.Critical, "ada", cancellationToken))!;
        }

        await using (var center = Start(pager))
        {
            var alerts = center.Alerts.Alerts.ToDictionary(static alert => alert.Id, StringComparer.Ordinal);
            Assert.That((alerts["high_latency"].AcknowledgedBy, alerts[emergency].State), Is.EqualTo(("ada", AlertState.Firing)));
            Assert.That(center.Alerts.Silences.Single().Author, Is.EqualTo("bob"));
            Assert.That(center.Alerts.Rules.Single(static rule => rule.Name == "failure_rate").Threshold, Is.EqualTo(5));
            Assert.That(center.Alerts.Policy.AcknowledgeTimeout, Is.EqualTo(TimeSpan.FromMinutes(7)));
            Assert.That(await center.Alerts.ResolveAsync(emergency, "bob", cancellationToken), Is.EqualTo(AlertAnswer.Done));
            var audit = await center.Alerts.ReadAuditAsync(0, 100, cancellationToken);
            Assert.That(audit.Select(static entry => entry.Action), Is.EqualTo(
                new[] { "alert_acknowledged", "silence_created", "rule_changed", "policy_changed", "emergency_raised", "alert_resolved" }));
            Assert.That(audit.Select(static entry => entry.Number), Is.Ordered.And.Unique);
            Assert.That(audit[2].Detail, Does.Contain("\"threshold\":30").And.Contain("-> ").And.Contain("\"threshold\":5"));
        }
    }

    [Test]
    public async Task Store_Fails_AlertsAreToldFromMemoryAndStoredLater()
    {
        var pager = new ScriptedNotifier("pager");
        await using var center = Start(pager);
        Tamper("ALTER TABLE history RENAME TO away");
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 1, "it was told all the same");
        Assert.That(center.Reported.Counted(FailureCode.BackgroundFailed), Is.EqualTo(1));
        Assert.That(center.Reported.Feed.Latest(1)[0].Message, Does.Contain(AlertStore.Name));

        await center.EvaluateAsync(Signals.DeliveryLatency, 1);
        await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 2, "its end too");
        Tamper("ALTER TABLE away RENAME TO history");
        await center.PassUntilAsync(() => center.Alerts.FlushAsync(CancellationToken.None).IsCompleted, "it is stored at last");

        // That it was sent is known a moment after it was, beside what happens next, so the two may come in either order.
        List<string> history = [];
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                history = [.. await MonitoredHost.WhileTimePassesAsync(_time, HistoryAsync(center))];
                return history.Count(static what => what == "sent") == 2;
            },
            "it is stored that both were sent");
        Assert.That(history.Where(static what => what != "sent"), Is.EqualTo(new[] { "firing", "trigger", "resolved", "resolve" }));
    }

    [Test]
    public void Store_OfAnotherProgram_KeepsTheServerFromStarting()
    {
        Tamper("CREATE TABLE other(x); PRAGMA application_id = 7");

        Assert.That(
            () => Start(new ScriptedNotifier("pager")), Throws.InstanceOf<SendFailureException>().With.Message.Contains("another program"));
    }

    [Test]
    public async Task History_AboveItsLimit_LosesTheOldest()
    {
        await using var center = new CenterUnderTest(_time, [], _folder.FullName, static options => options.HistoryEntries = 100);
        for (var i = 0; i < 150; i++)
        {
            await center.Alerts.RecordAsync("ada", "user_read", $"u{i}", string.Empty, CancellationToken.None);
        }

        var audit = await center.Alerts.ReadAuditAsync(0, 1000, CancellationToken.None);
        Assert.That((audit.Count, audit[0].Subject, audit[^1].Number), Is.EqualTo((100, "u50", 150)));
    }

    [Test]
    public async Task Disabled_SaysSoAndEvaluatesNothing_ButEmergencies()
    {
        var pager = new ScriptedNotifier("pager");
        await using var center = new CenterUnderTest(_time, [pager], configure: static options => options.Enabled = false);
        await center.EvaluateAsync(Signals.DeliveryLatency, 99);
        Assert.That(center.Alerts.Alerts, Is.Empty);
        Assert.That(
            center.Reported.Logs.Single(static log => log.EventId.Id == EventIds.AlertingDisabled).Level, Is.EqualTo(LogLevel.Warning));

        await center.Alerts.RaiseEmergencyAsync("fire", "the building burns", AlertSeverity.Critical, "ada", CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 4, "every level was told");
        Assert.That(pager.Tried.Select(static tried => tried.Notification.Level), Is.EqualTo(Enum.GetValues<EscalationLevel>()));
        Assert.That(center.Reported.Counted(FailureCode.Emergency), Is.EqualTo(1));
    }

    [Test]
    public async Task Emergency_AboveTheLimit_IsRefused()
    {
        await using var center = new CenterUnderTest(_time, [], configure: static options => options.MaxEmergencies = 1);
        var id = await center.Alerts.RaiseEmergencyAsync("a", "b", AlertSeverity.Low, "ada", CancellationToken.None);
        Assert.That(await center.Alerts.RaiseEmergencyAsync("a", "b", AlertSeverity.Low, "ada", CancellationToken.None), Is.Null);
        await center.Alerts.ResolveAsync(id!, "ada", CancellationToken.None);
        Assert.That(await center.Alerts.RaiseEmergencyAsync("a", "b", AlertSeverity.Low, "ada", CancellationToken.None), Is.Not.Null);
    }

    [Test]
    public async Task Clock_IsSetBack_HoldsNothingUp()
    {
        await using var center = Start(new ScriptedNotifier("pager"));
        await center.EvaluateAsync(Signals.UsersWaitingWithoutConnections, 1);
        _time.ShiftWallClock(TimeSpan.FromHours(-3));
        for (var i = 0; i < 60; i++)
        {
            await center.EvaluateAsync(Signals.UsersWaitingWithoutConnections, 1);
        }

        Assert.That(center.Alerts.Alerts.Single().State, Is.EqualTo(AlertState.Firing));
    }

    [Test]
    public async Task LogNotifier_WhateverIsTold_IsNeverLoggedAtCritical()
    {
        using var logs = new CapturingLoggerProvider();
        var notifier = new LogNotifier(logs.CreateLogger<LogNotifier>());
        foreach (var kind in Enum.GetValues<NotificationKind>())
        {
            foreach (var severity in Enum.GetValues<AlertSeverity>())
            {
                await notifier.NotifyAsync(
                    new AlertNotification(
                        "n1",
                        kind,
                        "k",
                        "silent_failures",
                        severity,
                        EscalationLevel.Management,
                        "s",
                        "d",
                        TestTimeProvider.Start,
                        TestTimeProvider.Start),
                    CancellationToken.None);
            }
        }

        Assert.That(
            logs.Logs,
            Has.Count.EqualTo(16).And.All.Matches<CapturedLog>(
                static log => log.Level <= LogLevel.Error && log.EventId.Id == EventIds.AlertNotified));
        Assert.That(logs.Logs.Count(static log => log.Level == LogLevel.Error), Is.EqualTo(4), "high and critical ones that are on");
    }

    private static async Task<IEnumerable<string>> HistoryAsync(CenterUnderTest center)
        => (await center.Alerts.ReadHistoryAsync(0, 1000, CancellationToken.None)).Select(static entry => entry.What);

    private CenterUnderTest Start(ScriptedNotifier pager) => new(_time, [pager], _folder.FullName, CenterUnderTest.StepByStep("pager"));

    private void Tamper(string sql)
    {
        using var database = SqliteDatabase.Open(Path.Combine(_folder.FullName, AlertStore.Name), readOnly: false, TimeSpan.FromSeconds(5));
        database.Execute(sql);
    }
}
