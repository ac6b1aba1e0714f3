using System.Net;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Upgrades;

/// <summary>
/// The data folder of an older version under this version's server, as a process of its own on a copy. What is in it is told by
/// <c>make_folder.py</c>, which made it: the third life of its server was killed in the middle of
/// the runs of <c>cyd</c> and <c>dan</c>, and what the others have was left in peace.
/// </summary>
[TestFixture("1429e75")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class UpgradeTests(string version) : IAsyncDisposable
{
    private const long Skipped = 1 << 20;
    private readonly KeptFolder _folder = new(version);
    private ServerProcess? _server;
    private HttpClient? _http;
    private int _port;

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Cursors_OfAStreamLeftInPeace_ResumeAndNumbersGoOn()
    {
        await StartAsync();
        await using var page = await ResumeAsync("ada", seq: 100, from: 0);

        Assert.That((page.Welcome.Resumed, page.Welcome.Seq, page.Welcome.From), Is.EqualTo((true, 153L, 0L)));
        Assert.That((await page.ReadEventsAsync(53)).Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(101, 53)));
        var (_, receipt) = await _http!.PublishAsync(TokenJson("next", "ada", "r2"));
        Assert.That(receipt.Seq(), Is.EqualTo(154));
        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(154));
    }

    [Test]
    public async Task Acknowledged_WithHoles_IsWhatItWas()
    {
        await StartAsync();

        Assert.That(await UndeliveredAsync("ada"), Is.EqualTo(Enumerable.Range(101, 32).Concat(Enumerable.Range(149, 5))));
        Assert.That(await LedgerAsync("ada"), Is.EqualTo(new LedgerAnswer(153, 116, 37, 0, 0, 0)));
        Assert.That(
            await UndeliveredAsync("dan", 3), Is.EqualTo(new[] { 4, 5, 6 }), "what was confirmed a moment before the kill is confirmed");
    }

    [Test]
    public async Task Events_AllThatWereKept_AreReplayedInOrder()
    {
        await StartAsync();
        foreach (var (user, first, last) in new[]
        {
            ("ada", 1, 153), ("fay", 7, 22), ("bob", 1, 5), ("gus", 1, 2), ("cyd", 1, 9), ("dan", 1, 18)
        })
        {
            await using var page = await TestClient.ConnectAsync(AddressOf(user, "&seq=0"));
            Assert.That(
                (await page.ReadEventsAsync(last - first + 1)).Select(static e => e.Seq),
                Is.EqualTo(Enumerable.Range(first, last - first + 1)),
                user);
        }
    }

    [Test]
    public async Task Threads_OfEventsWithoutAnIndex_AreFound()
    {
        await StartAsync();

        // What was sent again from the dead letters, bob's fifth event, was of no run, and the file did not say of which thread.
        foreach (var (user, first, last, openRuns) in new[]
        {
            ("ada", 1, 153, "r2"),
            ("fay", 7, 22, string.Empty),
            ("bob", 1, 4, "waits,again,dropped,late"),
            ("cyd", 1, 9, "leased,plain,waits"),
        })
        {
            var (_, list) = await _http!.AskAsync($"/v1/threads?user_id={user}");
            var thread = list.GetProperty("threads").EnumerateArray().Single();
            var runs = string.Join(',', thread.GetProperty("open_runs").EnumerateArray().Select(static run => run.GetString()));
            Assert.That(
                (thread.Text("thread_id"), thread.GetProperty("last_event").Seq(), runs), Is.EqualTo(("t1", (long)last, openRuns)), user);
            var (_, page) = await _http!.AskAsync($"/v1/threads/t1/events?user_id={user}&limit=1000");
            Assert.That(
                page.GetProperty("events").EnumerateArray().Select(static e => e.Seq()),
                Is.EqualTo(Enumerable.Range(first, last - first + 1)),
                user);
        }

        (await _http!.PublishAsync(TokenJson("more", "cyd", "leased"))).Response.EnsureSuccessStatusCode();
        foreach (var (user, end) in new[] { ("cyd", 10 + Skipped), ("dan", 19 + Skipped) })
        {
            var (_, page) = await _http!.AskAsync($"/v1/threads/t1/events?user_id={user}&after=8");
            Assert.That(page.GetProperty("events").EnumerateArray().Last().Seq(), Is.EqualTo(end), "above the numbers that were skipped");
        }
    }

    [Test]
    public async Task Runs_OfTheKilledProcess_EndOnceAndNumbersAreSkipped()
    {
        await StartAsync();
        await using var page = await ResumeAsync("dan", seq: 18, from: 3);

        Assert.That(page.Welcome.Resumed, Is.True);
        var gap = await page.ReadAsync<GapMessage>();
        Assert.That(gap, Is.EqualTo(new GapMessage(19, 18 + Skipped, GapCause.ServerRestart, Replay: false, Certain: false)));
        var end = await page.ReadAsync<EventMessage>();
        Assert.That(
            (end.EventType, end.Seq, end.Data.GetProperty("error").GetProperty("code").GetString()),
            Is.EqualTo((EventType.AgentFailed, 19 + Skipped, "server_restart")));
        Assert.That(end.Run, Is.EqualTo(new RunSummary(19, 1, end.Seq)));
        Assert.That(page.Welcome.Seq, Is.EqualTo(end.Seq), "nothing comes after it");
    }

    [Test]
    public async Task Runs_ThatWerePublished_GoOn()
    {
        await StartAsync();
        await using var ada = await ResumeAsync("ada", seq: 153, from: 148);
        await using var cyd = await ResumeAsync("cyd", seq: 9, from: 9);

        (await _http!.PublishAsync(EventJson("heartbeat", "{}", "cyd", "waits"))).Response.EnsureSuccessStatusCode();
        (await _http!.PublishAsync(TokenJson("more", "cyd", "leased"))).Response.EnsureSuccessStatusCode();
        Assert.That((await cyd.ReadAsync<EventMessage>()).Seq, Is.EqualTo(10 + Skipped));
        foreach (var (user, run, page, events) in new[]
        {
            ("cyd", "leased", cyd, 3),
            ("cyd", "plain", cyd, 8),
            ("cyd", "waits", cyd, 2),
            ("ada", "r2", ada, 22),
        })
        {
            (await _http!.PublishAsync(
                EventJson("agent_completed", """{"agent_name":"poet","result":{}}""", user, run))).Response.EnsureSuccessStatusCode();
            var end = await page.ReadAsync<EventMessage>();
            Assert.That((end.EventType, end.RunId, end.Run!.Value.Events), Is.EqualTo((EventType.AgentCompleted, run, (long)events)));
        }

        (await _http!.PublishAsync(TokenJson("late", "ada", "r1"))).ShouldBe(HttpStatusCode.Conflict, "run_ended");
    }

    [Test]
    public async Task DeadLetters_OfEveryState_AreThereAndCanBeSettled()
    {
        await StartAsync();
        var letters = await ListAsync();

        Assert.That(
            letters.Select(static l => (l.Text("user_id"), l.Seq(), l.Text("cause"), l.Text("state"))),
            Is.EqualTo(new[]
            {
                ("eve", 1L, "expired", "waiting"),
                ("eve", 2L, "expired", "waiting"),
                ("fay", 1L, "expired", "waiting"),
                ("bob", 1L, "unconfirmed", "waiting"),
                ("bob", 2L, "unconfirmed", "replayed"),
                ("bob", 3L, "unconfirmed", "dropped"),
                ("bob", 4L, "unconfirmed", "acknowledged"),
            }));
        var (replayed, receipt) = await _http!.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);
        Assert.That((replayed.IsSuccessStatusCode, receipt.Seq()), Is.EqualTo((true, 3L)), "eve's next number, after the two that expired");
        Assert.That(
            (await _http!.AskAsync("/v1/dead-letters/2", HttpMethod.Delete)).Response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(
            (await _http!.AskAsync("/v1/dead-letters/5/replay", HttpMethod.Post)).Response.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((await ListAsync()).Take(2).Select(static l => l.Text("state")), Is.EqualTo(new[] { "replayed", "dropped" }));
    }

    [Test]
    public async Task Keys_PublishedAgain_GetTheFirstReceipt()
    {
        await StartAsync();

        var again = await _http!.PublishExactlyAsync(TokenJson("once", "gus", "keyed").WithKey("order-2"));
        Assert.That((again.IsReplay, JsonElement.Parse(again.Body).Seq()), Is.EqualTo((true, 2L)), again.Body);
        (await _http!.PublishAsync(TokenJson("twice", "gus", "keyed").WithKey("order-2"))).ShouldBe(
            HttpStatusCode.Conflict, "idempotency_conflict");
    }

    [Test]
    public async Task Alerts_FiringSilencedAndChanged_AreAsTheyWereLeft()
    {
        await StartAsync();

        var (_, alerts) = await _http!.AskAsync("/monitoring/websocket/alerts");
        var raised = alerts.GetProperty("alerts").EnumerateArray().Single(static a => a.Text("name") == "emergency");
        Assert.That(
            (raised.Text("state"), raised.Text("severity"), raised.Text("summary"), raised.Text("acknowledged_by")),
            Is.EqualTo(("firing", "high", "by hand", "ops")));
        var (_, silences) = await _http!.AskAsync("/monitoring/websocket/silences");
        var silence = silences.GetProperty("silences").EnumerateArray().Single();
        Assert.That((silence.Text("rule"), silence.Text("comment"), silence.Text("author")), Is.EqualTo(("high_latency", "quiet", "ops")));
        var (_, rule) = await _http!.AskAsync("/monitoring/websocket/rules/no_connections");
        Assert.That(rule.GetProperty("for_s").GetDouble(), Is.EqualTo(77));
        var (_, audit) = await _http!.AskAsync("/monitoring/websocket/audit");
        Assert.That(audit.GetProperty("entries").EnumerateArray().Count(static e => e.Text("author") == "ops"), Is.GreaterThanOrEqualTo(4));
        using var content = new StringContent("""{"author":"ops"}""", Encoding.UTF8, "application/json");
        (await _http!.PostAsync($"/monitoring/websocket/alerts/{raised.Text("id")}/resolve", content)).EnsureSuccessStatusCode();
    }

    [Test]
    public async Task Ledger_AfterTheUpgradeAndAnotherStart_AccountsForEverything()
    {
        await StartAsync();
        var before = await LedgerAsync();
        await using (var page = await ResumeAsync("cyd", seq: 0, from: 0))
        {
            await page.ReadEventsAsync(9);
            await page.AckAsync(9);
            await Eventually.BecomesTrueAsync(async () => (await LedgerAsync("cyd")).Acknowledged == 9, "the page has acknowledged");
            await page.CloseAsync();
        }

        await EndAsync();
        await StartAsync();

        // What dan's interrupted run got at the first start is in both.
        Assert.That(
            before,
            Is.EqualTo(new LedgerAnswer(before.Accepted, 116 + 1 + 3, before.Pending, 18 - 2 - 12 - 2 + 3, before.DeadLettered, 0)));
        Assert.That(await LedgerAsync(), Is.EqualTo(before with { Acknowledged = before.Acknowledged + 9, Pending = before.Pending - 9 }));
        Assert.That(_server!.Critical, Is.Empty);
    }

    private async Task StartAsync()
    {
        _server = ServerProcess.Start("Development", $"--Netra:DataDirectory={_folder.FullName}");
        _port = await _server.WhenListeningAsync();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TestClient.Patience };
        await Eventually.BecomesTrueAsync(async () => (await _http.GetAsync("/readyz")).IsSuccessStatusCode, "the server is ready");
    }

    private async Task EndAsync()
    {
        _http?.Dispose();
        if (_server is { } server)
        {
            await server.StopAsync();
            await server.DisposeAsync();
        }

        _server = null;
    }

    private Uri AddressOf(string user, string more) => new($"ws://127.0.0.1:{_port}/ws?user_id={user}{more}");

    private async Task<TestClient> ResumeAsync(string user, long seq, long from)
    {
        var (_, ledger) = await _http!.AskAsync("/v1/ledger");
        return await TestClient.ConnectAsync(AddressOf(user, $"&epoch={ledger.Text("epoch")}&seq={seq}&from={from}"));
    }

    private async Task<LedgerAnswer> LedgerAsync(string? user = null)
    {
        using var life = new ServerLife(_port, number: 1);
        return await LedgerAnswer.ReadAsync(life, user);
    }

    private async Task<List<JsonElement>> ListAsync()
        => [.. (await _http!.AskAsync("/v1/dead-letters")).Body.GetProperty("dead_letters").EnumerateArray()];

    private async Task<IEnumerable<long>> UndeliveredAsync(string user, int limit = 1000)
        => (await _http!.AskAsync(
            $"/v1/users/{user}/undelivered?limit={limit}")).Body.GetProperty("events").EnumerateArray().Select(static e => e.Seq());
}
