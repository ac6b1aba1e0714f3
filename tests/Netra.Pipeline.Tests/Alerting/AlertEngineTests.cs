using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

[Parallelizable(ParallelScope.All)]
internal sealed class AlertEngineTests
{
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
}
