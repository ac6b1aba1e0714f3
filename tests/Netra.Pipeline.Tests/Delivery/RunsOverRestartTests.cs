using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>
/// Spec M9, E8: what a run has declared survives restarts of every kind. The log is on disk; the processes are real where they die.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunsOverRestartTests
{
    private DirectoryInfo _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("netra-restart-");

    [TearDown]
    public void TearDown() => _folder.Delete(recursive: true);

    [Test]
    public async Task Restart_RunHadDeclaredAndWaits_GoesOnUnderIt()
    {
        await using (var before = await StartAsync())
        {
            using var http = before.CreateClient();
            await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":3600000}"""));
            await http.PublishAsync(
                PublishExtensions.EventJson("agent_started", """{"agent_name":"patient","lease_ms":2000}""", runId: "r2"));
            await http.PublishAsync(Waiting("r2", TimeProvider.System.GetUtcNow().AddMinutes(10)));
            await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"done","lease_ms":2000}""", runId: "r3"));
            await http.PublishAsync(Waiting("r3", TimeProvider.System.GetUtcNow().AddMinutes(10)));
            await http.PublishAsync(PublishExtensions.TokenJson(runId: "r3"));
        }

        await using var after = await StartAsync();
        var lives = after.Services.GetRequiredService<RunRegistry>()
            .Lives()
            .ToDictionary(static life => life.Key.RunId, StringComparer.Ordinal);
        var (now, limits) = (after.Services.GetRequiredService<RunClock>().Now, after.Services.GetRequiredService<RunLimits>());
        Assert.That(lives.Keys, Is.EquivalentTo(new[] { "r1", "r2", "r3" }));
        Assert.That((lives["r1"].AgentName, lives["r1"].LeaseOr(limits)), Is.EqualTo(("demo", TimeSpan.FromHours(1).Ticks)));
        Assert.That((lives["r2"].AgentName, lives["r2"].LeaseOr(limits)), Is.EqualTo(("patient", TimeSpan.FromSeconds(2).Ticks)));
        Assert.That(
            TimeSpan.FromTicks(lives["r2"].LeftAt(now, limits)),
            Is.InRange(TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(10.1)),
            "it waits still");
        Assert.That(lives["r3"].IsWaitingAt(now), Is.False, "an event had ended its wait");

        await Eventually.BecomesTrueAsync(
            () => after.Services.GetRequiredService<QuietRuns>().Stale.Any(static run => run.RunId == "r3"),
            "the one that does not wait is found");
        using var client = after.CreateClient();
        var (answer, _) = await client.PublishAsync(
            PublishExtensions.EventJson("tool_completed", """{"tool_name":"ask_human","call_id":"c1"}""", runId: "r2"));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), "a late answer is taken");
        await client.PublishAsync(PublishExtensions.EventJson("agent_completed", """{"agent_name":"patient"}""", runId: "r2"));
        Assert.That(
            after.Failures.Latest(20).Where(static f => f.RunId != "r3"),
            Is.Empty,
            "and nobody is accused of what was heard by the last process");
    }

    [Test]
    public async Task Kill_InMidWait_TheRunWaitsOnAndTheLateAnswerIsTaken()
    {
        await using (var before = ServerProcess.Start("Development", Arguments()))
        {
            using var http = new HttpClient
            {
                BaseAddress = new Uri($"http://127.0.0.1:{await before.WhenListeningAsync()}"),
                Timeout = TestClient.Patience,
            };
            await WhenReadyAsync(http);
            await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo","lease_ms":1000}"""));
            var (response, body) = await http.PublishAsync(Waiting("r1", TimeProvider.System.GetUtcNow().AddMinutes(10)));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), body.ToString());
            await before.KillAsync();
        }

        await using var after = ServerProcess.Start("Development", Arguments());
        using var client =
            new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await after.WhenListeningAsync()}"), Timeout = TestClient.Patience };
        await WhenReadyAsync(client);
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);
        var (late, receipt) = await client.PublishAsync(PublishExtensions.TokenJson("yes"));
        Assert.That(late.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), receipt.ToString());
        Assert.That(after.Output, Does.Not.Contain("run_stalled").And.Not.Contain("lease_expired"));
    }

    [Test]
    public async Task Kill_BetweenAttempts_TheRunIsAtItsLastOne()
    {
        await using (var before = ServerProcess.Start("Development", Arguments()))
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await before.WhenListeningAsync()}") };
            await WhenReadyAsync(http);
            await PublishAllAsync(http, Started(1), PublishExtensions.TokenJson(), Started(2), PublishExtensions.TokenJson());
            await before.KillAsync();
        }

        await using (var between = ServerProcess.Start("Development", Arguments()))
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await between.WhenListeningAsync()}") };
            await WhenReadyAsync(http);
            await PublishAllAsync(http, PublishExtensions.TokenJson("of the second"), Started(3));
            await between.KillAsync();
        }

        await using var after = await StartAsync();
        Assert.That(
            after.Services.GetRequiredService<RunRegistry>().Lives().Single(static life => life.Key.RunId == "r1").Attempt, Is.EqualTo(3));
        using var client = after.CreateClient();
        await PublishAllAsync(client, PublishExtensions.EventJson("agent_completed", """{"agent_name":"demo"}"""));
        await using var page = await TestClient.ConnectAsync(after.SocketAddress("ada", "&seq=0"));
        var events = await page.ReadEventsAsync(7);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 1, 2, 2, 2, 3, 3 }));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(2, events[5].Seq, events[6].Seq)));
        Assert.That(after.Failures.Latest(20), Is.Empty);
    }

    private static string Started(int attempt)
        => PublishExtensions.EventJson("agent_started", $$"""{"agent_name":"demo","attempt":{{attempt}}}""");

    private static async Task PublishAllAsync(HttpClient http, params string[] events)
    {
        foreach (var json in events)
        {
            var (response, body) = await http.PublishAsync(json);
            Assert.That(response.IsSuccessStatusCode, Is.True, body.ToString());
        }
    }

    private static Task WhenReadyAsync(HttpClient http) => Eventually.BecomesTrueAsync(
        async () =>
        {
            using var answer = await http.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        },
        "the server is ready");

    private static string Waiting(string runId, DateTimeOffset until)
    {
        var seconds = until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $$$"""{"user_id":"ada","thread_id":"t1","run_id":"{{{runId}}}","type":"waiting","data":{"until":{{{seconds}}}}}""";
    }

    private string[] Arguments() => [$"--Netra:DataDirectory={_folder.FullName}"];

    private Task<PipelineHost> StartAsync() => PipelineHost.StartAsync(
        static pipeline => pipeline.UseEventLog<SqliteEventLog>(),
        [("Netra:DataDirectory", _folder.FullName), ("Netra:Monitoring:Enabled", "true")]);
}
