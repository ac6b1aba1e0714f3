using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Health;

/// <summary>Spec M5: the thresholds of the health checks.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HealthChecksTests
{
    private static readonly IOptions<MonitoringOptions> Options = Microsoft.Extensions.Options.Options.Create(new MonitoringOptions());

    [TestCase(1.0, HealthStatus.Healthy)]
    [TestCase(0.95, HealthStatus.Healthy)]
    [TestCase(0.949, HealthStatus.Degraded)]
    [TestCase(0.90, HealthStatus.Degraded)]
    [TestCase(0.899, HealthStatus.Unhealthy)]
    public void Delivery_SuccessRate_IsJudged(double rate, HealthStatus expected)
        => Assert.That(new DeliveryHealthCheck(Options).Check(Snapshot((Signals.SuccessRate, rate))).Status, Is.EqualTo(expected));

    [TestCase(Signals.Unaccounted)]
    [TestCase(Signals.LogTrouble)]
    public void Delivery_UnaccountedOrNotStored_IsUnhealthy(string signal)
        => Assert.That(
            new DeliveryHealthCheck(Options).Check(Snapshot((Signals.SuccessRate, 1), (signal, 1))).Status,
            Is.EqualTo(HealthStatus.Unhealthy));

    [Test]
    public void Delivery_OptionMoved_MovesTheThresholds()
    {
        var check = new DeliveryHealthCheck(Microsoft.Extensions.Options.Options.Create(new MonitoringOptions { MinSuccessRate = 0.8 }));
        Assert.That(check.Check(Snapshot((Signals.SuccessRate, 0.85))).Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(check.Check(Snapshot((Signals.SuccessRate, 0.78))).Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(check.Check(Snapshot((Signals.SuccessRate, 0.74))).Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [TestCase(900, HealthStatus.Healthy)]
    [TestCase(1100, HealthStatus.Degraded)]
    [TestCase(4900, HealthStatus.Degraded)]
    [TestCase(5100, HealthStatus.Unhealthy)]
    public void Performance_AverageLatency_IsJudged(int milliseconds, HealthStatus expected)
    {
        var delivery = new LatencyHistogram();
        delivery.Add(TimeSpan.FromMilliseconds(milliseconds), 10);
        var snapshot = new MonitoringSnapshot(
            TestTimeProvider.Start, [new SignalReading(Signals.LatencyDegradation, null, 1)], delivery, new LatencyHistogram());

        Assert.That(Performance().Check(snapshot).Status, Is.EqualTo(expected));
    }

    [Test]
    public void Performance_ManyTimesSlowerThanBefore_IsDegraded()
        => Assert.That(
            Performance().Check(Snapshot((Signals.LatencyDegradation, 3.1))).Status, Is.EqualTo(HealthStatus.Degraded));

    [Test]
    public void SilentFailures_Any_IsUnhealthy()
    {
        Assert.That(new SilentFailureHealthCheck().Check(Snapshot()).Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(new SilentFailureHealthCheck().Check(Snapshot((Signals.StuckTools, 1))).Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(new SilentFailureHealthCheck().Check(Snapshot((Signals.StalledRuns, 1))).Status, Is.EqualTo(HealthStatus.Unhealthy));
        var labelled = new MonitoringSnapshot(
            TestTimeProvider.Start,
            [new SignalReading(Signals.SilentFailures, "stuck_page", 1)],
            new LatencyHistogram(),
            new LatencyHistogram());
        Assert.That(new SilentFailureHealthCheck().Check(labelled).Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public void Isolation_Any_IsUnhealthy()
        => Assert.That(
            new IsolationHealthCheck().Check(Snapshot((Signals.IsolationViolations, 1))).Status, Is.EqualTo(HealthStatus.Unhealthy));

    [TestCase(Signals.MemoryGrowth, 300.0 * 1024 * 1024, HealthStatus.Degraded)]
    [TestCase(Signals.HandleUsage, 0.9, HealthStatus.Unhealthy)]
    [TestCase(Signals.ThreadPoolDelay, 1.5, HealthStatus.Unhealthy)]
    [TestCase(Signals.HandleUsage, 0.5, HealthStatus.Healthy)]
    public void Resources_RunningOut_IsJudged(string signal, double value, HealthStatus expected)
    {
        var trend = new ResourceTrend(static () => default, new TestTimeProvider());
        Assert.That(new ResourceHealthCheck(trend).Check(Snapshot((signal, value))).Status, Is.EqualTo(expected));
    }

    private static PerformanceHealthCheck Performance()
        => new(new SuccessRate(Microsoft.Extensions.Options.Options.Create(new ConnectionOptions())), Options);

    private static MonitoringSnapshot Snapshot(params (string Signal, double Value)[] values) => new(
        TestTimeProvider.Start,
        [.. values.Select(static value => new SignalReading(value.Signal, null, value.Value))],
        new LatencyHistogram(),
        new LatencyHistogram());
}
