using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>
/// Spec M9: what the watch over quiet runs must not do to runs that are well. Over HTTP and real sockets, in virtual time.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class QuietRunsHarmTests
{
    private const string Started = """{"agent_name":"demo"}""";

    [Test]
    public async Task Lines_ThousandRunsOnOneRequest_AreAllRenewed()
    {
        const int Runs = 1500;
        await using var host = await MonitoredHost.StartAsync();
        var lines = await PublishLines.OpenAsync(host.Pipeline);
        var text = new StringBuilder();
        for (var i = 0; i < Runs; i++)
        {
            text.Append(PublishExtensions.EventJson("agent_started", Started, userId: $"u{i}")).Append('\n');
        }

        await lines.SendAsync(text.ToString());
        await lines.ReadAsync(Runs);
        await host.PassAsync(90);
        Assert.That(host.Pipeline.Failures.Total, Is.Zero, "an open request renews all of its runs, whatever their number");

        await lines.SendAsync(PublishExtensions.EventJson("agent_completed", Started, userId: "u0"));
        await lines.ReadAsync(1);
        await lines.DisposeAsync();
        await BreaksAsync(host);
        await host.PassAsync(11);
        Assert.That(host.Services.GetRequiredService<QuietRuns>().StaleCount, Is.EqualTo(Runs - 1));
    }

    [Test]
    public async Task Lines_BreakAndComeBack_HaveTheirDeclaredLease([Values("heartbeat", "token")] string sign)
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var lines = await PublishLines.OpenAsync(host.Pipeline))
        {
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":30000}"""));
            await lines.ReadAsync(1);
        }

        await BreaksAsync(host);
        await host.PassAsync(5);
        await host.Http.PublishAsync(sign == "token" ? PublishExtensions.TokenJson() : Sign("heartbeat"));
        await host.PassAsync(29);
        Assert.That(host.Pipeline.Failures.Total, Is.Zero, "a sign of life restores the declared lease");
        await host.PassAsync(2);
        Assert.That(host.Pipeline.Failures.Latest(1).Single().Code, Is.EqualTo(FailureCode.RunStalled));
    }

    [Test]
    public async Task Lines_BreakAndAreGoneForTenMinutes_AreStalledAndNotEnded()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var lines = await PublishLines.OpenAsync(host.Pipeline))
        {
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", Started));
            await lines.ReadAsync(1);
        }

        await BreaksAsync(host);
        await host.PassAsync(600);
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.RunStalled }));
        var (completed, _) = await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started));
        Assert.That(completed.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Lines_SecondRequestPublishesToTheRun_IsNotAffectedByTheBreakOfTheFirst()
    {
        await using var host = await MonitoredHost.StartAsync();
        var first = await PublishLines.OpenAsync(host.Pipeline);
        await using var second = await PublishLines.OpenAsync(host.Pipeline);
        await first.SendAsync(PublishExtensions.EventJson("agent_started", Started));
        await first.ReadAsync(1);
        await second.SendAsync(PublishExtensions.TokenJson());
        await second.ReadAsync(1);

        await first.DisposeAsync();
        await host.PassAsync(100);

        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Lines_AreFinished_EndsNothingAndShortensNoLease()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var lines = await PublishLines.OpenAsync(host.Pipeline))
        {
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", Started));
            await lines.CompleteAsync();
        }

        await host.PassAsync(59);
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Waiting_WithHeartbeats_LastsUntilTheLaterDeadline()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":2000}"""));
        await host.Http.PublishAsync(Sign("waiting", Until(host, 60)));
        var (_, renewed) = await host.Http.PublishAsync(Sign("heartbeat"));

        Assert.That(renewed.GetProperty("lease_ms").GetInt64(), Is.InRange(61_000, 62_000), "a heartbeat ends no wait");
        await host.PassAsync(60);
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
        await host.PassAsync(3);
        Assert.That(host.Pipeline.Failures.Latest(1).Single().Code, Is.EqualTo(FailureCode.RunStalled));
    }

    [Test]
    public async Task Waiting_ItsTool_IsNotStuckAndMakesNothingUnhealthy()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", """{"tool_name":"ask_human","call_id":"c1"}"""));
        await host.Http.PublishAsync(Sign("waiting", Until(host, 1200)));

        await host.PassAsync(1000);

        var (_, health) = await host.Http.AskAsync("/health");
        Assert.That((health.GetProperty("stale_threads").GetInt32(), health.GetProperty("stuck_tools").GetInt32()), Is.EqualTo((0, 0)));
        Assert.That(health.Text("status"), Is.EqualTo("healthy"), health.ToString());
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
        await host.Http.PublishAsync(PublishExtensions.TokenJson("thanks"));
        for (var i = 0; i < 10; i++)
        {
            await host.PassAsync(29);
            await host.Http.PublishAsync(Sign("heartbeat"));
        }

        Assert.That(host.Pipeline.Failures.Total, Is.Zero, "its clock stood still while it waited");
        await host.PassAsync(12);
        Assert.That(host.Pipeline.Failures.Latest(1).Single().Code, Is.EqualTo(FailureCode.ToolStuck));
    }

    [TestCase(1)]
    [TestCase(-1)]
    [TestCase(24)]
    [TestCase(-24)]
    public async Task WallClock_Steps_EndsNoRunAndNoWait(int hours)
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started, runId: "r2"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", """{"tool_name":"search"}""", runId: "r2"));
        await host.Http.PublishAsync(Sign("waiting", Until(host, 300)));

        host.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        await host.PassAsync(50);

        Assert.That(
            host.Pipeline.Failures.Latest(10).Select(static f => f.Code),
            Has.No.AnyOf(FailureCode.RunStalled, FailureCode.LeaseExpired, FailureCode.ToolStuck));
        await host.PassAsync(12);
        Assert.That(
            host.Services.GetRequiredService<QuietRuns>().Stale.Select(static run => run.RunId),
            Is.EqualTo(new[] { "r2" }),
            "who does say nothing is found all the same");
    }

    [Test]
    public async Task Log_IsInTroubleForThreeMinutes_NoRunIsQuietForThat()
    {
        await using var host = await MonitoredHost.StartAsync(static pipeline => pipeline.UseEventLog<TroubledLog>());
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}"""));
        await host.Http.PublishAsync(
            PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}""", runId: "r2"));
        await host.PassAsync(1);

        log.IsInTrouble = true;
        for (var i = 0; i < 60; i++)
        {
            await host.PassAsync(3);
            Assert.That(
                (await host.Http.PublishAsync(PublishExtensions.TokenJson())).Response.StatusCode,
                Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        }

        // However long the pipeline takes to be ready again, and to take events.
        log.IsInTrouble = false;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await host.PassAsync(1);
                return (await host.Http.PublishAsync(PublishExtensions.TokenJson(runId: "r2"))).Response.StatusCode
                    == HttpStatusCode.Accepted;
            },
            "it takes events again");

        Assert.That(
            host.Pipeline.Failures.Latest(200).Select(static f => f.Code),
            Has.No.Member(FailureCode.RunStalled).And.No.Member(FailureCode.LeaseExpired));
    }

    [Test]
    public async Task Log_IsFull_WhoTriesToPublishIsNotSilent()
    {
        await using var host = await MonitoredHost.StartAsync(static pipeline => pipeline.UseEventLog<TroubledLog>());
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}"""));
        log.IsFull = true;
        for (var i = 0; i < 10; i++)
        {
            await host.PassAsync(3);
            Assert.That(
                (await host.Http.PublishAsync(PublishExtensions.TokenJson())).Response.StatusCode,
                Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        }

        Assert.That(host.Pipeline.Failures.Latest(200).Select(static f => f.Code), Has.No.Member(FailureCode.RunStalled));
    }

    [Test]
    public async Task Log_HoldsWhatItHasTaken_WhoWaitsForItIsNotSilent()
    {
        await using var host = await MonitoredHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":2000}"""));
        log.Hold();
        var pending = host.Http.PublishAsync(PublishExtensions.TokenJson());
        await Eventually.BecomesTrueAsync(
            () => host.Pipeline.Streams.TryGetLoaded("ada", out var stream) && stream.Snapshot().Head == 2, "it was taken");
        await host.PassAsync(20);

        Assert.That(host.Services.GetRequiredService<QuietRuns>().StaleCount, Is.Zero, "its publisher waits for the answer to its event");
        log.Release();
        (await pending).Response.EnsureSuccessStatusCode();
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Has.No.Member(FailureCode.RunStalled));
    }

    [Test]
    public async Task Run_BeginsAboveTheLimit_HasItsOwnLeaseWhenThereIsRoom()
    {
        await using var host = await MonitoredHost.StartAsync(settings: [("Netra:Monitoring:MaxWatchedRuns", "1")]);
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.Http.PublishAsync(
            PublishExtensions.EventJson("agent_started", """{"agent_name":"patient","lease_ms":3600000}""", runId: "r2"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started));
        await host.Http.PublishAsync(Sign("heartbeat").Replace("r1", "r2", StringComparison.Ordinal));
        Assert.That(host.Services.GetRequiredService<RunRegistry>().Lives().Single().AgentName, Is.EqualTo("patient"));
        await host.PassAsync(1200);

        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.ResourceExhausted }));
    }

    [Test]
    public async Task Run_BeganWithTokensAndIsAbandoned_IsEndedAndTheServerDoesNotAccuseItself()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.TokenJson());
        await host.Http.PublishAsync(
            PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":1000}""", runId: "r2"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", """{"tool_name":"search"}""", runId: "r2"));

        await host.PassAsync(905);

        Assert.That(
            host.Pipeline.Failures.Latest(20).Select(static f => f.Code).Order(),
            Is.EqualTo(
                new[] { FailureCode.RunStalled, FailureCode.RunStalled, FailureCode.LeaseExpired, FailureCode.LeaseExpired }.Order()));
    }

    [Test]
    public async Task Tools_SeveralUnnamedCalls_AreReportedOnceAndEndWithTheRun()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        foreach (var type in new[] { "tool_executing", "tool_executing", "tool_completed", "tool_completed" })
        {
            await host.Http.PublishAsync(PublishExtensions.EventJson(type, """{"tool_name":"search"}"""));
        }

        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started));

        var failure = host.Pipeline.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.RunId), Is.EqualTo((FailureCode.FlowViolation, "r1")));
        Assert.That(failure.Message, Does.Contain("call_id"));
    }

    /// <summary>NETRA_ABANDONED_RUNS has more of them abandoned.</summary>
    [Test]
    public async Task Runs_ThousandsAreAbandoned_HaveTheirVerdictsInTimeAndInFewLines()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("NETRA_ABANDONED_RUNS") ?? "5000", CultureInfo.InvariantCulture);
        await using var host = await MonitoredHost.StartAsync();
        var registry = host.Services.GetRequiredService<RunRegistry>();
        await Parallel.ForEachAsync(Enumerable.Range(0, runs), async (i, token) =>
        {
            await using var emitter = await host.Pipeline.Emitters.CreateEmitterAsync(
                host.Pipeline.Contexts.Create($"u{i}", "t1", "r1"), cancellationToken: token);
            await emitter.AgentStartedAsync("demo", cancellationToken: token);
        });

        await host.PassAsync(61);
        var quiet = host.Services.GetRequiredService<QuietRuns>();
        await Eventually.BecomesTrueAsync(() => quiet.StaleCount == runs, "all were called stalled");
        await host.PassAsync(845);
        await Eventually.BecomesTrueAsync(() => registry.OpenCount == 0, "all were ended");

        var told = host.Pipeline.Failures.Latest(1000);
        Assert.That(told.Select(static f => f.Code).Distinct(), Is.SubsetOf(new[] { FailureCode.RunStalled, FailureCode.LeaseExpired }));
        Assert.That(told, Has.Count.LessThan(500), "told in crowds");
        Assert.That(
            told.Where(static f => f.Code == FailureCode.LeaseExpired).Sum(static f => f.Count), Is.EqualTo(runs), "and each one counted");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await host.PassAsync(1);
                return host.Pipeline.Streams.Count < 100;
            },
            "their streams were let go");
    }

    // The server has noticed that a request broke off.
    private static Task BreaksAsync(MonitoredHost host) => Eventually.BecomesTrueAsync(
        () => host.Services.GetRequiredService<RunRegistry>().Lives().All(static life => life.Holders == 0), "the request broke off");

    private static string Until(MonitoredHost host, int seconds)
    {
        var until = (host.Time.GetUtcNow().AddSeconds(seconds) - DateTimeOffset.UnixEpoch).TotalSeconds;
        return $$""","data":{"until":{{until.ToString("F3", CultureInfo.InvariantCulture)}}}""";
    }

    private static string Sign(string type, string data = "")
        => $$"""{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"{{type}}"{{data}}}""";

    private sealed class TroubledLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : DelegatingEventLog(new InMemoryEventLog(options, time))
    {
        public bool IsInTrouble { get; set; }

        public bool IsFull { get; set; }

        public override string? Trouble => IsInTrouble ? "it was unplugged" : null;

        public override AppendResult TryAppend(StreamLease lease, in LogEntry entry) => IsInTrouble ? AppendResult.Failed
            : IsFull && entry.Type == EventType.Token ? AppendResult.Full
            : base.TryAppend(lease, entry);
    }
}
