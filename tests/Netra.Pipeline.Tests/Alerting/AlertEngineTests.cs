using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

[Parallelizable(ParallelScope.All)]
internal sealed class AlertEngineTests
{
    private const string Pager = "high_latency pager/operations";
    private const string Chat = "high_latency chat/operations";

    [Test]
    public void Pending_ProcessDidNotRun_HasNotLastedMeanwhile()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.UsersWaitingWithoutConnections, 1);
        engine.Step(30);

        engine.StandStill(TimeSpan.FromMinutes(5));
        engine.Step(19);
        Assert.That(engine.StateOf("no_connections"), Is.EqualTo(AlertState.Pending));

        engine.Step(3);
        Assert.That(engine.StateOf("no_connections"), Is.EqualTo(AlertState.Firing));
    }

    [Test]
    public void Signal_ProcessDidNotRun_IsNotMissed()
    {
        var engine = new EngineUnderTest();
        engine.Step(5);

        engine.StandStill(TimeSpan.FromHours(1));
        engine.Unset(Signals.SuccessRate);
        engine.Step(5);

        Assert.That(engine.News(), Is.Empty);
    }

    [Test]
    public void Incident_ProcessDidNotRun_IsNotEscalatedForWhatNobodyCouldAcknowledge()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.CanaryFailures, 1);
        engine.Step(60);
        engine.News();

        engine.StandStill(TimeSpan.FromHours(1));
        engine.Step(60);
        Assert.That(engine.News(), Is.Empty);

        engine.Step(500);
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate canary_failed pager/engineering" }));
    }

    [Test]
    public void Pending_StopsHolding_IsForgottenAndBeginsAnew()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.UsersWaitingWithoutConnections, 3);
        engine.Step(50);
        engine.Set(Signals.UsersWaitingWithoutConnections, 0);
        engine.Step();
        Assert.That(engine.StateOf("no_connections"), Is.Null);

        engine.Set(Signals.UsersWaitingWithoutConnections, 3);
        engine.Step(50);
        Assert.That(engine.StateOf("no_connections"), Is.EqualTo(AlertState.Pending));
        engine.Step();
        Assert.That(engine.StateOf("no_connections"), Is.EqualTo(AlertState.Firing));
    }

    [Test]
    public void Firing_BetweenTheThresholds_StaysOnUntilItIsClear()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.SuccessRate, 0.94);
        engine.Step(31);
        engine.Set(Signals.SuccessRate, 0.955);
        engine.Step(10);
        Assert.That(engine.StateOf("low_success_rate"), Is.EqualTo(AlertState.Firing));

        engine.Set(Signals.SuccessRate, 0.96);
        engine.Step();
        Assert.That(engine.StateOf("low_success_rate"), Is.EqualTo(AlertState.Resolved));
    }

    [Test]
    public void Firing_KeepFiring_MustBeClearForSoLong()
    {
        var engine = new EngineUnderTest();
        engine.Change("high_latency", static rule => rule with { KeepFiring = TimeSpan.FromSeconds(10) });
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step(9);
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step(10);
        engine.Restart();
        Assert.That(engine.StateOf("high_latency"), Is.EqualTo(AlertState.Firing));
        engine.Step();
        Assert.That(engine.StateOf("high_latency"), Is.EqualTo(AlertState.Resolved));
    }

    [Test]
    public void Incident_ComesAgainWithinTheCooldown_GoesOnAndNobodyIsToldTwice()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { $"trigger {Pager}", $"trigger {Chat}" }));
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { $"resolve {Pager}", $"resolve {Chat}" }));

        engine.Step(200);
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step(5);
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();
        Assert.That(engine.News(), Is.Empty);

        // Those who believe that it is over are told when it is still on after the cooldown.
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step(93);
        Assert.That(engine.News(), Is.Empty);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { $"trigger {Pager}", $"trigger {Chat}" }));
        Assert.That(
            engine.Sent.Select(static entry => entry.Notification.IncidentKey).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
        Assert.That(engine.Sent.Select(static entry => entry.Notification.Id), Is.Unique);
    }

    [Test]
    public void Incident_ComesAgainAfterTheCooldown_IsANewOne()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step(301);
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();

        var triggers = engine.Sent
            .Where(static entry => entry is { Channel: "pager", Notification.Kind: NotificationKind.Trigger })
            .ToList();
        Assert.That(triggers, Has.Count.EqualTo(2));
        Assert.That(triggers[0].Notification.IncidentKey, Is.Not.EqualTo(triggers[1].Notification.IncidentKey));
    }

    [Test]
    public void Incident_ManyLabels_IsToldOnceAndOverWithTheLast()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.UnhealthyChecks, 1, "disk");
        engine.Step(6);
        engine.Set(Signals.UnhealthyChecks, 1, "memory");
        engine.Step(10);
        engine.Unset(Signals.UnhealthyChecks, "disk");
        engine.Step();
        Assert.That(
            engine.News(), Is.EqualTo(new[] { "trigger unhealthy_check pager/operations", "trigger unhealthy_check chat/operations" }));

        engine.Unset(Signals.UnhealthyChecks, "memory");
        engine.Step();
        Assert.That(
            engine.News(), Is.EqualTo(new[] { "resolve unhealthy_check pager/operations", "resolve unhealthy_check chat/operations" }));
    }

    [Test]
    public void Labels_AboveTheLimit_ShareOne()
    {
        var engine = new EngineUnderTest(options: new AlertingOptions { MaxLabels = 3 });
        for (var i = 0; i < 10; i++)
        {
            engine.Set(Signals.Failures, 31, $"code{i}");
        }

        engine.Step(2);
        Assert.That(
            engine.Registry.Alerts.Where(static alert => alert.RuleName == "failure_rate").Select(static alert => alert.Label),
            Is.EquivalentTo(new[] { "code0", "code1", "code2", SignalReadings.OtherLabel }));

        for (var i = 0; i < 10; i++)
        {
            engine.Unset(Signals.Failures, $"code{i}");
        }

        engine.Step();
        Assert.That(engine.Registry.Alerts, Has.All.Matches<Alert>(static alert => alert.State == AlertState.Resolved));
        engine.Step(3602);
        Assert.That(engine.Registry.Alerts, Is.Empty);
        Assert.That(engine.Registry.Incidents, Is.Empty);
    }

    [Test]
    public void Escalation_NobodyAcknowledges_GoesThroughAllLevels()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.News();

        engine.Step(599);
        Assert.That(engine.News(), Is.Empty);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate high_latency pager/engineering" }));
        engine.Step(1199);
        Assert.That(engine.News(), Is.Empty);
        engine.Restart();
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate high_latency mail/management" }));
        engine.Step(1800);
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate high_latency mail/executive" }));
        engine.Step(7200);
        Assert.That(engine.News(), Is.Empty);

        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[]
        {
            $"resolve {Pager}", $"resolve {Chat}", "resolve high_latency pager/engineering", "resolve high_latency mail/management",
            "resolve high_latency mail/executive",
        }));
    }

    [Test]
    public void Acknowledgement_StopsTheEscalation_UntilItTimesOut()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step(300);
        engine.News();
        engine.Acknowledge("high_latency", TimeSpan.FromMinutes(30));
        Assert.That(engine.News(), Is.EqualTo(new[] { $"acknowledge {Pager}", $"acknowledge {Chat}" }));

        engine.Step(1799);
        engine.Restart();
        Assert.That(engine.News(), Is.Empty);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate high_latency pager/engineering" }));
        Assert.That(engine.Registry.Incident("high_latency")!.AcknowledgedBy, Is.Null);
        engine.Step(1200);
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate high_latency mail/management" }));
    }

    [Test]
    public void Acknowledgement_TimesOutAtTheLastStep_TellsItAgain()
    {
        var policy = new EscalationPolicy(
            [new EscalationStep(EscalationLevel.Operations, TimeSpan.Zero, ["pager"])], [], TimeSpan.FromMinutes(30));
        var engine = new EngineUnderTest(policy);
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Acknowledge("high_latency", TimeSpan.FromSeconds(10));
        engine.Step(10);

        Assert.That(engine.News(), Is.EqualTo(new[] { $"trigger {Pager}", $"acknowledge {Pager}", $"escalate {Pager}" }));
    }

    [Test]
    public void SilentFailures_InformManagement_AtOnce()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.SilentFailures, 1, "stuck");
        engine.Step();
        Assert.That(engine.News(), Is.EquivalentTo(new[]
        {
            "trigger silent_failures mail/management",
            "trigger silent_failures pager/operations",
            "trigger silent_failures chat/operations",
        }));

        // Management has been told, so its step tells nobody anew.
        engine.Step(1800);
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate silent_failures pager/engineering" }));
    }

    [Test]
    public void Inhibited_WhileTheWorseFires_IsToldAfterwards()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 11);
        engine.Step();
        Assert.That(
            engine.News(), Is.EqualTo(new[] { "trigger very_high_latency pager/operations", "trigger very_high_latency chat/operations" }));
        Assert.That(engine.StateOf("high_latency"), Is.EqualTo(AlertState.Firing));

        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        Assert.That(engine.News(), Is.EquivalentTo(new[]
        {
            "resolve very_high_latency pager/operations",
            "resolve very_high_latency chat/operations",
            $"trigger {Pager}",
            $"trigger {Chat}",
        }));
    }

    [Test]
    public void Silenced_IsListedAndToldWhenTheSilenceEnds()
    {
        var engine = new EngineUnderTest();
        engine.Silence("high_latency", TimeSpan.FromMinutes(1));
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step(59);
        engine.Restart();
        Assert.That(engine.StateOf("high_latency"), Is.EqualTo(AlertState.Firing));
        Assert.That(engine.News(), Is.Empty);

        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { $"trigger {Pager}", $"trigger {Chat}" }));
        Assert.That(engine.History.Select(static entry => entry.What), Does.Contain("silence_expired"));
    }

    [Test]
    public void Silenced_AfterItWasTold_IsStillResolved()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Silence(rule: null, TimeSpan.FromHours(1));
        engine.Step(900);
        engine.News();
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();

        Assert.That(engine.News(), Is.EqualTo(new[] { $"resolve {Pager}", $"resolve {Chat}" }));
    }

    [Test]
    public void Silence_OfOneLabel_LeavesTheOthers()
    {
        var engine = new EngineUnderTest();
        engine.Silence("failure_rate", TimeSpan.FromHours(1), new Dictionary<string, string> { ["code"] = "tool_failed" });
        engine.Set(Signals.Failures, 31, "tool_failed");
        engine.Step();
        Assert.That(engine.News(), Is.Empty);
        engine.Set(Signals.Failures, 31, "agent_failed");
        engine.Step();
        Assert.That(engine.News(), Has.Count.EqualTo(2));
    }

    [Test]
    public void Severity_Worsens_IsToldAgain()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.News();
        engine.Change("high_latency", static rule => rule with { Severity = AlertSeverity.Critical });
        engine.Step(2);

        Assert.That(engine.News(), Is.EqualTo(new[] { $"trigger {Pager}", $"trigger {Chat}" }));
        Assert.That(engine.Sent[^1].Notification.Severity, Is.EqualTo(AlertSeverity.Critical));
    }

    [Test]
    public void Policy_Changes_LeavesIncidentsThatAreOn()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.News();
        engine.Do(static (_, registry) => registry.Put(new EscalationPolicy(
            [new EscalationStep(EscalationLevel.Operations, TimeSpan.Zero, ["other"])], [], TimeSpan.FromMinutes(1))));
        engine.Restart();
        engine.Set(Signals.StuckTools, 1);
        engine.Step(600);

        Assert.That(
            engine.News(), Is.EquivalentTo(new[] { "escalate high_latency pager/engineering", "trigger stuck_tools other/operations" }));
    }

    [Test]
    public void Rule_Disabled_EndsItsAlertsAndIsNotMissedAnyMore()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.HandleUsage, 0.9);
        engine.Step();
        engine.Change("handles_running_out", static rule => rule with { IsEnabled = false });
        engine.Unset(Signals.HandleUsage);
        engine.Step(20);

        Assert.That(engine.StateOf("handles_running_out"), Is.EqualTo(AlertState.Resolved));
        Assert.That(engine.Registry.Alerts.Where(static alert => alert.RuleName == AlertRules.NoData), Is.Empty);
    }

    [Test]
    public void MissingData_KeepsAlertsAsTheyAre()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.HandleUsage, 0.9);
        engine.Step();
        engine.Unset(Signals.HandleUsage);
        engine.Step(30);
        engine.Restart();
        engine.Step(5);

        Assert.That(engine.StateOf("handles_running_out"), Is.EqualTo(AlertState.Firing));
        Assert.That(
            engine.Registry.Alerts.Single(static alert => alert.RuleName == AlertRules.NoData).State,
            Is.EqualTo(AlertState.Firing),
            "a restart does not make it measured");
    }

    [Test]
    public void MissingData_NotANumber_IsMissing()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.HandleUsage, double.NaN);
        engine.Step(11);

        Assert.That(engine.Registry.Alerts.Single().Label, Is.EqualTo(Signals.HandleUsage));
    }

    [Test]
    public void Redirected_Trigger_IsResolvedWhereItWasTold()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        var failed = engine.Sent[0];
        Assert.That(failed.Fallbacks, Is.EqualTo(new[] { "mail", LogNotifier.Channel }));
        engine.News();
        engine.Do((alerts, _) => alerts.Conclude(failed, NotificationOutcome.Failed, "gone", engine.Now));
        Assert.That(engine.News(), Is.EqualTo(new[] { "trigger high_latency mail/operations" }));

        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();
        Assert.That(engine.News(), Is.EqualTo(new[] { $"resolve {Pager}", $"resolve {Chat}", "resolve high_latency mail/operations" }));
    }

    [Test]
    public void Redirected_AfterTheEnd_IsTriggeredAndResolved()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Set(Signals.DeliveryLatency, 1);
        engine.Step();
        engine.News();
        engine.Do((alerts, _) => alerts.Conclude(engine.Sent[0], NotificationOutcome.Failed, "gone", engine.Now));

        Assert.That(engine.News(), Is.EqualTo(new[] { "trigger high_latency mail/operations", "resolve high_latency mail/operations" }));
    }

    [Test]
    public void Redirected_ThroughAllChannels_EndsInTheLog()
    {
        var engine = new EngineUnderTest();
        engine.Set(Signals.DeliveryLatency, 3);
        engine.Step();
        engine.Do((alerts, _) => alerts.Conclude(engine.Sent[0], NotificationOutcome.Failed, "gone", engine.Now));
        engine.Do((alerts, _) => alerts.Conclude(engine.Sent[^1], NotificationOutcome.Failed, "gone", engine.Now));
        var last = engine.Sent[^1];
        Assert.That(last.Channel, Is.EqualTo(LogNotifier.Channel));
        engine.News();
        engine.Do((alerts, _) => alerts.Conclude(last, NotificationOutcome.Failed, "gone", engine.Now));
        Assert.That(engine.News(), Is.Empty);
        Assert.That(engine.History.Count(static entry => entry.What == "failed"), Is.EqualTo(3));
    }
}
