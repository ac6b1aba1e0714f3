using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IncidentNotificationsTests
{
    private const string Pager = "high_latency pager/operations";
    private const string Chat = "high_latency chat/operations";

    [Test]
    public void Redirected_Trigger_IsResolvedWhereItWasSent()
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
