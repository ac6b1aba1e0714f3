using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IncidentEngineTests
{
    private const string Pager = "high_latency pager/operations";
    private const string Chat = "high_latency chat/operations";

    [Test]
    public void Incident_ProcessDidNotRun_DoesNotEscalateForThatTime()
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
    public void Incident_ComesAgainWithinTheCooldown_OpensAgainAndNoChannelIsNotifiedTwice()
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

        // Channels that were notified of the resolution are notified when it is still open after the cooldown.
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
    public void Incident_ManyLabels_IsNotifiedOnceAndResolvedWithTheLast()
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
    public void Escalation_WithoutAcknowledgement_GoesThroughAllLevels()
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
    public void Acknowledgement_TimesOutAtTheLastStep_NotifiesItAgain()
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

        // Management was notified at once, so its step sends nothing.
        engine.Step(1800);
        Assert.That(engine.News(), Is.EqualTo(new[] { "escalate silent_failures pager/engineering" }));
    }

    [Test]
    public void Inhibited_WhileTheWorseFires_IsNotifiedAfterwards()
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
    public void Silenced_IsListedAndNotifiedWhenTheSilenceEnds()
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
    public void Silenced_AfterANotification_IsStillResolved()
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
    public void Severity_Worsens_IsNotifiedAgain()
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
    public void Policy_Changes_LeavesOpenIncidents()
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
}
