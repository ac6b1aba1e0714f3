using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>
/// Spec M2, M3, E8: an agent that dies is announced, exactly once; silence is never taken for completion. Over HTTP
/// and real sockets, in virtual time.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class QuietRunsTests
{
    private const string Started = """{"agent_name":"demo"}""";

    [Test]
    public async Task Run_DiesWithALease_IsStalledOnceThenFailedOnce()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}"""));

        await host.PassAsync(6);
        var stale = host.Services.GetRequiredService<QuietRuns>().Stale;
        await host.PassAsync(10);

        var events = await page.ReadEventsAsync(3);
        Assert.That(events.Select(static e => e.Type), Is.EqualTo(new[] { "agent_started", "agent_stalled", "agent_failed" }));
        Assert.That(events[1].Data.GetProperty("quiet_ms").GetInt64(), Is.InRange(5000, 6000));
        Assert.That(events[1].Data.Text("agent_name"), Is.EqualTo("demo"));
        Assert.That(events[2].Data.GetProperty("error").Text("code"), Is.EqualTo("lease_expired"));
        Assert.That(stale.Single(), Is.EqualTo(new StaleThread("ada", "t1", "r1", "demo", stale.Single().Quiet)));
        Assert.That(host.Services.GetRequiredService<QuietRuns>().Stale, Is.Empty, "what has ended is not stale");
        Assert.That(
            host.Pipeline.Failures.Latest(10).Select(static f => f.Code),
            Is.EqualTo(new[] { FailureCode.LeaseExpired, FailureCode.RunStalled }));
        Assert.That(
            host.Pipeline.Logs.Logs.Count(static e => e.Message.StartsWith("SILENT FAILURE DETECTED:", StringComparison.Ordinal)),
            Is.EqualTo(1));
        (await host.Http.PublishAsync(PublishExtensions.TokenJson())).ShouldBe(HttpStatusCode.Conflict, "run_ended");
    }

    [Test]
    public async Task Run_SpeaksAgainAfterItWasStalled_GoesOn()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.PassAsync(61);
        await host.Http.PublishAsync(PublishExtensions.TokenJson());

        await host.PassAsync(1);

        Assert.That(host.Services.GetRequiredService<QuietRuns>().Stale, Is.Empty);
        var (_, completed) = await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started));
        Assert.That(completed.Seq(), Is.EqualTo(4), "started, stalled, token, completed");
        await host.PassAsync(61);
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.RunStalled }));
    }

    [Test]
    public async Task Heartbeat_BeforeTheLeaseIsOver_KeepsTheRunAndDeliversNothing()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}"""));
        for (var i = 0; i < 5; i++)
        {
            await host.PassAsync(4);
            var (response, body) = await host.Http.PublishAsync(Sign("heartbeat"));
            Assert.That(
                (response.StatusCode, body.ToString()), Is.EqualTo((HttpStatusCode.OK, """{"status":"renewed","lease_ms":5000}""")));
        }

        var (_, token) = await host.Http.PublishAsync(PublishExtensions.TokenJson());
        Assert.That(token.Seq(), Is.EqualTo(2), "a heartbeat has no number");
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    // Whoever is refused is there: a run whose publisher has a fault is not silent.
    [TestCase("no such type")]
    [TestCase("data")]
    [TestCase("key")]
    [TestCase("too long")]
    [TestCase("line")]
    public async Task Events_AllRefused_KeepTheRun(string fault)
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":5000}"""));
        var refused = fault switch
        {
            "data" => PublishExtensions.EventJson("tool_executing", """{"call_id":7}"""),
            "key" => PublishExtensions.TokenJson()[..^1] + ""","idempotency_key":""}""",
            "too long" => PublishExtensions.TokenJson(new string('x', 300 * 1024)),
            _ => PublishExtensions.EventJson("agent_strated", Started),
        };
        for (var i = 0; i < 5; i++)
        {
            await host.PassAsync(4);
            if (fault == "line")
            {
                await using var lines = await PublishLines.OpenAsync(host.Pipeline);
                await lines.SendAsync(refused);
                Assert.That((await lines.ReadAsync())!.Value.Text("status"), Is.EqualTo("rejected"));
            }
            else
            {
                var (response, _) = await host.Http.PublishAsync(refused);
                Assert.That(response.IsSuccessStatusCode, Is.False);
            }
        }

        Assert.That(host.Pipeline.Failures.Latest(20).Select(static f => f.Code), Has.None.EqualTo(FailureCode.RunStalled));
        await host.PassAsync(6);
        Assert.That(
            host.Pipeline.Failures.Latest(20).Select(static f => f.Code),
            Has.One.EqualTo(FailureCode.RunStalled),
            "nothing at all comes any more");
    }

    [Test]
    public async Task Events_RefusedOfARunThatNobodyKnows_MakeNone()
    {
        await using var host = await MonitoredHost.StartAsync();
        (await host.Http.PublishAsync(PublishExtensions.EventJson("agent_strated", Started))).ShouldBe(
            HttpStatusCode.BadRequest, "invalid_event");

        Assert.That(host.Services.GetRequiredService<RunRegistry>().Lives(), Is.Empty);
    }

    [Test]
    public async Task Waiting_UntilATime_IsQuietOnlyAfterIt()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":2000}"""));
        var until = (host.Time.GetUtcNow().AddSeconds(30) - DateTimeOffset.UnixEpoch).TotalSeconds;
        var (_, body) = await host.Http.PublishAsync(
            Sign("waiting", $$""","data":{"until":{{until.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}}}"""));
        Assert.That(body.GetProperty("lease_ms").GetInt64(), Is.InRange(31_990, 32_000));

        await host.PassAsync(30);
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
        await host.PassAsync(3);
        Assert.That(host.Pipeline.Failures.Latest(1).Single().Code, Is.EqualTo(FailureCode.RunStalled));
    }

    [Test]
    public async Task LifeSign_RunNotBegunOrEnded_IsRefused()
    {
        await using var host = await MonitoredHost.StartAsync();
        (await host.Http.PublishAsync(Sign("heartbeat"))).ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        (await host.Http.PublishAsync(Sign("waiting"))).ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        (await host.Http.PublishAsync(Sign("waiting", ""","data":{"until":99999999999}"""))).ShouldBe(
            HttpStatusCode.BadRequest, "invalid_event");
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started));
        (await host.Http.PublishAsync(Sign("heartbeat"))).ShouldBe(HttpStatusCode.Conflict, "run_ended");
    }

    [Test]
    public async Task Lines_OpenRequest_RenewsItsRunsAndItsAbruptEndLeavesThemAShortLease()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var lines = await PublishLines.OpenAsync(host.Pipeline))
        {
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", Started));
            Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));
            await host.PassAsync(100);
            Assert.That(host.Pipeline.Failures.Total, Is.Zero, "whoever feeds it is connected");
        }

        await BreaksAsync(host);
        await host.PassAsync(11);
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Does.Contain(FailureCode.RunStalled));
    }

    [Test]
    public async Task Tool_RunsTooLong_IsReportedOnceAndFoundUntilItCompletes()
    {
        await using var host = await MonitoredHost.StartAsync(settings:
        [
            ("Netra:Monitoring:StuckToolAfter", "00:00:10"),
            ("Netra:Monitoring:RunLease", "01:00:00"),
            ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
        ]);
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", """{"tool_name":"search","call_id":"c1"}"""));

        await host.PassAsync(20);

        Assert.That(
            host.Services.GetRequiredService<QuietRuns>().Stuck.Select(static tool => (tool.UserId, tool.RunId, tool.ToolName)),
            Is.EqualTo(new[] { ("ada", "r1", "search") }));
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.ToolStuck }));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_completed", """{"tool_name":"search","call_id":"c1"}"""));
        await host.PassAsync(1);
        Assert.That(host.Services.GetRequiredService<QuietRuns>().Stuck, Is.Empty);
    }

    [Test]
    public async Task Order_ThatCannotBeRight_IsTakenAndReported()
    {
        await using var host = await MonitoredHost.StartAsync();
        var (response, _) = await host.Http.PublishAsync(PublishExtensions.EventJson("tool_completed", """{"tool_name":"search"}"""));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        var failure = host.Pipeline.Failures.Latest(1).Single();
        Assert.That(
            (failure.Code, failure.UserId, failure.ThreadId, failure.RunId), Is.EqualTo((FailureCode.FlowViolation, "ada", "t1", "r1")));
    }

    [Test]
    public async Task Runs_Ended_AreForgotten()
    {
        await using var host = await MonitoredHost.StartAsync();
        var monitor = host.Services.GetRequiredService<RunRegistry>();
        for (var i = 0; i < 5; i++)
        {
            await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started, runId: $"r{i}"));
            await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", Started, runId: $"r{i}"));
        }

        await host.PassAsync(1);

        Assert.That((monitor.Lives().Count, monitor.OpenCount), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Runs_MoreThanAreWatched_IsReported()
    {
        await using var host = await MonitoredHost.StartAsync(settings: [("Netra:Monitoring:MaxWatchedRuns", "2")]);
        for (var i = 0; i < 3; i++)
        {
            await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started, runId: $"r{i}"));
        }

        await host.PassAsync(1);
        Assert.That(host.Pipeline.Failures.Latest(1).Single().Code, Is.EqualTo(FailureCode.ResourceExhausted));
        Assert.That(host.Services.GetRequiredService<RunRegistry>().Lives(), Has.Count.EqualTo(2));
        await host.PassAsync(120);
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", """{"tool_name":"search"}""", runId: "r2"));
        (await host.Http.PublishAsync(Sign("heartbeat").Replace("r1", "r2", StringComparison.Ordinal))).Response.EnsureSuccessStatusCode();
        var (completed, _) = await host.Http.PublishAsync(
            PublishExtensions.EventJson("tool_completed", """{"tool_name":"search"}""", runId: "r2"));
        Assert.That(completed.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), "a run above the limit goes on");
        Assert.That(host.Pipeline.Failures.Latest(20).Where(static f => f.RunId == "r2"), Is.Empty, "and nobody accuses it");
    }

    // The server has noticed that a request broke off.
    private static Task BreaksAsync(MonitoredHost host) => Eventually.BecomesTrueAsync(
        () => host.Services.GetRequiredService<RunRegistry>().Lives().All(static life => life.Holders == 0), "the request broke off");

    private static string Sign(string type, string data = "")
        => $$"""{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"{{type}}"{{data}}}""";
}
