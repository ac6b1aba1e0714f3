using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A whole host that does not run for a while, or whose wall clock is set: nobody is ended, nobody is alarmed, nothing is
/// refused. In virtual time, over real sockets.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StoodStillTests
{
    [TestCase(20)]
    [TestCase(300)]
    [TestCase(43_200)]
    public async Task Process_StoodStill_EndsNobodyAndRaisesNothing(int seconds)
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await AnsweringPage.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await page.ReceivesAsync(1);
        await PassAsync(host, page, 9);

        host.Time.StandStill(TimeSpan.FromSeconds(seconds));
        Assert.That(
            host.Services.GetRequiredService<PipelineHealth>().Results[0].Description,
            Does.Not.Contain("nothing has been judged"),
            "asked before the first round");
        await page.AckAsync(host.Pipeline, 1);
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", """{"agent_name":"demo","duration_ms":1}"""));
        await page.ReceivesAsync(2);
        await page.AckAsync(host.Pipeline, 2);
        await PassAsync(host, page, 120);

        Assert.That(page.Closed, Is.Null);
        Assert.That(Alerts(host), Is.Empty);
        Assert.That(host.Services.GetRequiredService<Canary>().ConsecutiveFailures, Is.Zero);
        Assert.That(host.Services.GetRequiredService<EmergencyMode>().IsOn, Is.False);
    }

    [Test]
    public async Task Process_StoodStillWhileAnEventWasUnconfirmed_SendsItAgainOnlyAfterTheWholePause()
    {
        await using var host = await MonitoredHost.StartAsync(
            settings: [("Netra:Monitoring:RunLease", "01:00:00"), ("Netra:Monitoring:MaxRunSilence", "02:00:00")]);
        await using var page = await AnsweringPage.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await page.ReceivesAsync(1);
        await PassAsync(host, page, 9);

        host.Time.StandStill(TimeSpan.FromMinutes(5));
        await PassAsync(host, page, 8);
        Assert.That(page.Events.Count(), Is.EqualTo(1), "its acknowledgement may wait unread");

        await PassAsync(host, page, 5);
        await page.ReceivesAsync(2);
        Assert.That(page.Closed, Is.Null);
    }

    [Test]
    public async Task Canary_SpansAGap_IsNoFailure()
    {
        using var holding = new HoldingObserver();
        await using var host = await MonitoredHost.StartAsync(pipeline => pipeline.Services.AddSingleton<IPipelineObserver>(holding));
        await host.PassAsync(1);
        var canary = host.Services.GetRequiredService<Canary>();
        await Eventually.BecomesTrueAsync(() => canary.Passes == 1, "the first one has come home");
        holding.Hold();
        var checking = canary.RunAsync(CancellationToken.None);
        await holding.Held;

        host.Time.StandStill(TimeSpan.FromMinutes(5));
        for (var second = 0; second < 12; second++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        holding.Release();
        var report = await checking;
        Assert.That(report!.Problem, Is.Not.Null, "it took too long, whoever is to blame");
        Assert.That(canary.ConsecutiveFailures, Is.Zero);
        Assert.That(host.Services.GetRequiredService<FailureCounts>()[FailureCode.CanaryFailed].Total, Is.Zero);
        await host.PassAsync(2);
        await Eventually.BecomesTrueAsync(() => canary.Passes > 1, "another one goes at once");
        Assert.That(canary.Latest!.Problem, Is.Null);
    }

    [TestCase(1)]
    [TestCase(-1)]
    [TestCase(24)]
    [TestCase(-24)]
    public async Task WallClock_IsSet_EndsNobodyAndRaisesNothing(int hours)
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await AnsweringPage.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await using var emitter = await host.Pipeline.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");
        await page.ReceivesAsync(1);
        await PassAsync(host, page, 3);

        host.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        await page.AckAsync(host.Pipeline, 1);
        await emitter.AgentCompletedAsync("demo");
        await page.ReceivesAsync(2);
        await page.AckAsync(host.Pipeline, 2);
        await PassAsync(host, page, 120);

        Assert.That(page.Closed, Is.Null);
        Assert.That(Alerts(host), Is.Empty);
        var latencies = host.Services.GetRequiredService<DeliveryLatencies>();
        Assert.That(latencies.Acknowledgement.Read().Mean, Is.LessThan(TimeSpan.FromSeconds(10)), "nobody waited for an hour");
        Assert.That(host.Services.GetRequiredService<UserMetricsTable>().TryGet("ada", out var user), Is.True);
        Assert.That(user!.DeliveryLatency!.Mean, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    [TestCase(1)]
    [TestCase(-1)]
    public async Task WallClock_IsSetWhileAPageIsGone_DoesNotSayThatItWasGoneForHours(int hours)
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (await RawClient.ConnectAsync(host.Pipeline.SocketAddress("ada")))
        {
            await host.PassAsync(1);
        }

        await Eventually.BecomesTrueAsync(() => host.Pipeline.Connections.Count == 0, "it is gone");
        host.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        await host.PassAsync(5);
        await using var back = await RawClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));

        Assert.That(host.Services.GetRequiredService<UserMetricsTable>().TryGet("ada", out var user), Is.True);
        Assert.That(user!.MeanReconnect, Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public async Task ConnectionRecovery_WhoDoesNotComeBack_IsNotWaitedForForever()
    {
        await using var host = await MonitoredHost.StartAsync();
        var recovery = host.Services.GetRequiredService<ConnectionRecovery>();
        await using (await RawClient.ConnectAsync(host.Pipeline.SocketAddress("ada")))
        {
            await host.PassAsync(26);
            await Eventually.BecomesTrueAsync(() => host.Pipeline.Connections.Count == 0, "it was dead");
        }

        Assert.That((recovery.Ended, recovery.Waiting), Is.EqualTo((1, 1)));
        host.Time.Advance(ConnectionRecovery.Patience);
        await host.PassAsync(1);

        Assert.That((recovery.Ended, recovery.Waiting, recovery.Recovered), Is.EqualTo((1, 0, 0)));
    }

    [Test]
    public async Task HealthCheck_SpansAGap_AsksAgainBeforeItEndsThePage()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await RawClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        var connection = host.Pipeline.ConnectionOf(page.Welcome.ConnectionId);
        var checking = connection.CheckHealthAsync(CancellationToken.None);
        await page.ReadFrameAsync(RawClient.Ping);
        host.Time.Advance(TimeSpan.FromSeconds(9));

        host.Time.StandStill(TimeSpan.FromMinutes(5));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var answering = AnswerBrowserPingsAsync(page);
        await Eventually.BecomesTrueAsync(() => answering.IsCompleted, "it is asked again, and answers");
        await Eventually.BecomesTrueAsync(() => connection.Silence == TimeSpan.Zero, "it was heard");
        Assert.That(connection.IsEnded, Is.False);
        for (var second = 0; second < 12 && !checking.IsCompleted; second++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            await page.SendFrameAsync(RawClient.Pong, ReadOnlyMemory<byte>.Empty);
            await Eventually.BecomesTrueAsync(() => connection.Silence < TimeSpan.FromSeconds(2), "it is heard");
        }

        Assert.That((await checking).State, Is.EqualTo(ConnectionState.Frozen), "the browser answered, the page did not");
        Assert.That(connection.IsEnded, Is.False);
    }

    [Test]
    public async Task Pages_GaveUpWhileTheProcessStoodStill_SayNothingAboutHowConnectionsLast()
    {
        await using var host = await MonitoredHost.StartAsync();
        var pages = new List<RawClient>();
        for (var i = 0; i < 20; i++)
        {
            pages.Add(await RawClient.ConnectAsync(host.Pipeline.SocketAddress($"user{i}")));
        }

        await host.PassAsync(1);
        host.Time.StandStill(TimeSpan.FromMinutes(5));
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }

        await Eventually.BecomesTrueAsync(() => host.Pipeline.Connections.Count == 0, "all of them are gone");
        await host.PassAsync(30);

        Assert.That(Alerts(host), Is.Empty);
        Assert.That(host.Services.GetRequiredService<ConnectionDrops>().LastMinute, Is.Zero);
    }

    private static async Task AnswerBrowserPingsAsync(RawClient page)
        => await page.SendFrameAsync(RawClient.Pong, await page.ReadFrameAsync(RawClient.Ping));

    private static async Task PassAsync(MonitoredHost host, AnsweringPage page, int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            await host.PassAsync(1);
            if (page.Closed is null)
            {
                await page.AnswersAsync(host.Pipeline);
            }
        }
    }

    private static IEnumerable<string> Alerts(MonitoredHost host)
        => host.Services.GetRequiredService<AlertCenter>()
            .Alerts.Where(static alert => alert.State != AlertState.Pending)
            .Select(static alert => $"{alert.Name}: {alert.Summary}");

    /// <summary>Holds up the canary's agent in the middle of its run.</summary>
    private sealed class HoldingObserver : IPipelineObserver, IDisposable
    {
        private readonly ManualResetEventSlim _free = new(initialState: true);
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Held => _held.Task;

        public void Hold() => _free.Reset();

        public void Release() => _free.Set();

        public void OnEvent(in ObservedEvent observed)
        {
            if (!_free.IsSet && IdentifierRules.IsReserved(observed.Context.UserId))
            {
                _held.TrySetResult();
                _free.Wait();
            }
        }

        public void OnConnection(in ObservedConnection observed)
        {
            // Only events hold.
        }

        public void OnFailure(Failure failure)
        {
            // Only events hold.
        }

        public void Dispose() => _free.Dispose();
    }
}
