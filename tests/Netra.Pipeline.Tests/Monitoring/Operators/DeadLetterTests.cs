using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>The routes under <c>/v1/dead-letters</c> (docs/protocol.md, section 9.5).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class DeadLetterTests(KindOfLog log)
{
    private const string Started = """{"agent_name":"a","metadata":{"n":1.50},"timestamp":5}""";

    [Test]
    public async Task List_Unconfirmed_HasAllMembersAndTheEventAsItWas()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(EventJson("agent_started", Started));
        await page.ReadEventsAsync(1);
        Assert.That(host.Streams.TryGetLoaded("ada", out var stream), Is.True);
        await stream!.Criticals.MakeDeadLettersAsync(new SeqRange(1, 1), 4, CancellationToken.None);

        var (response, list) = await http.AskAsync("/v1/dead-letters");

        Assert.That(
            (response.StatusCode, response.Content.Headers.ContentType?.ToString()), Is.EqualTo((HttpStatusCode.OK, "application/json")));
        Assert.That(list.EnumerateObject().Select(static m => m.Name), Is.EqualTo(new[] { "dead_letters" }));
        var letter = list.GetProperty("dead_letters").EnumerateArray().Single();
        Assert.That(
            letter.EnumerateObject().Select(static m => m.Name),
            Is.EqualTo(
                new[] { "dead_letter_id", "event_id", "user_id", "seq", "cause", "attempts", "dead_at", "state", "webhook", "event" }));
        Assert.That(
            (letter.GetProperty("dead_letter_id").GetInt64(), letter.Text("event_id"), letter.Text("user_id"), letter.Seq()),
            Is.EqualTo((1, receipt.Text("id"), "ada", 1)));
        Assert.That(
            (letter.Text("cause"), letter.GetProperty("attempts").GetInt32(), letter.Text("state"), letter.Text("webhook")),
            Is.EqualTo(("unconfirmed", 4, "waiting", "off")));
        Assert.That(letter.GetProperty("event").GetProperty("data").GetRawText(), Is.EqualTo(Started));
        Assert.That(letter.GetProperty("event").Text("id"), Is.EqualTo(receipt.Text("id")));
    }

    [Test]
    public async Task List_Filtered_HasOnlyThose()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada", "bob", "ada", "cy");
        (await http.AskAsync("/v1/dead-letters/1", HttpMethod.Delete)).Response.EnsureSuccessStatusCode();
        (await http.AskAsync("/v1/dead-letters/2/replay", HttpMethod.Post)).Response.EnsureSuccessStatusCode();

        Assert.That(await NumbersAsync(http, ""), Is.EqualTo(new long[] { 1, 2, 3, 4 }));
        Assert.That(await NumbersAsync(http, "?user_id=ada"), Is.EqualTo(new long[] { 1, 3 }));
        Assert.That(await NumbersAsync(http, "?user_id=nobody"), Is.Empty);
        Assert.That(await NumbersAsync(http, "?state=waiting"), Is.EqualTo(new long[] { 3, 4 }));
        Assert.That(await NumbersAsync(http, "?state=dropped"), Is.EqualTo(new long[] { 1 }));
        Assert.That(await NumbersAsync(http, "?state=replayed"), Is.EqualTo(new long[] { 2 }));
        Assert.That(await NumbersAsync(http, "?state=acknowledged"), Is.Empty);
        Assert.That(await NumbersAsync(http, "?state=waiting&user_id=ada&after=0&limit=100"), Is.EqualTo(new long[] { 3 }));
        Assert.That(await NumbersAsync(http, "?after=3"), Is.EqualTo(new long[] { 4 }));
    }

    [TestCase(1, 7)]
    [TestCase(50, 120)]
    [TestCase(60, 120)]
    [TestCase(100, 100)]
    [TestCase(1000, 120)]
    public async Task List_PageByPage_ListsEachOnce(int limit, int count)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await BuryAsync(host, http, [.. Enumerable.Repeat("ada", count)]);

        var (numbers, pages, query) = (new List<long>(), 0, $"?limit={limit}");
        while (query is not null)
        {
            var (_, page) = await http.AskAsync($"/v1/dead-letters{query}");
            numbers.AddRange(NumbersOf(page));
            pages++;
            query = page.TryGetProperty("next", out var next) ? $"?after={next.GetInt64()}&limit={limit}" : null;
        }

        Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, count).Select(static i => (long)i)));
        Assert.That(pages, Is.EqualTo((count + limit - 1) / limit));
    }

    [TestCase("state=dead", "state must be one of waiting, replayed, dropped, acknowledged")]
    [TestCase("state=", "state must be one of")]
    [TestCase("user_id=", "user_id is empty")]
    [TestCase("limit=1001", "limit must be")]
    [TestCase("after=x", "after must be")]
    public async Task List_BadParameter_IsRefused(string query, string detail)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        var answer = await http.AskAsync($"/v1/dead-letters?{query}");

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Does.StartWith(detail));
    }

    [Test]
    public async Task List_LogFails_IsRefusedOrCutOffButNeverLooksWhole()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<StubbornDeadLetterLog>());
        var stubborn = (StubbornDeadLetterLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        await BuryAsync(host, http, [.. Enumerable.Repeat("ada", 60)]);

        stubborn.ListFault = new InvalidOperationException("secret");
        var refused = await http.AskAsync("/v1/dead-letters");
        refused.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(refused.Body.ToString(), Does.Not.Contain("secret"));
        stubborn.ListsBeforeFault = 1;
        Assert.That(() => http.GetStringAsync("/v1/dead-letters"), Throws.InstanceOf<HttpRequestException>());
        Assert.That(
            host.Failures.Latest(10).Select(static f => f.Code),
            Is.EqualTo(new[] { Netra.Pipeline.Failures.FailureCode.LogFailed, Netra.Pipeline.Failures.FailureCode.LogFailed }));
    }

    [Test]
    public async Task Replay_Waiting_PublishesItAnewAndSettlesIt()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var original = (await BuryAsync(host, http, "ada"))[0];
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        var (response, receipt) = await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);

        var arrived = await page.ReadAsync<EventMessage>();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(receipt.GetRawText(), Is.EqualTo($$"""{"id":"{{arrived.Id}}","seq":2,"status":"queued"}"""));
        Assert.That((arrived.Seq, arrived.EventType, arrived.ThreadId, arrived.RunId), Is.EqualTo((2, EventType.AgentStarted, "t1", "r1")));
        Assert.That(arrived.Data.GetRawText(), Is.EqualTo(Started));
        var letter = (await http.AskAsync("/v1/dead-letters")).Body.GetProperty("dead_letters")[0];
        Assert.That(
            (letter.Text("state"), letter.Text("replayed_as"), letter.Text("event_id")), Is.EqualTo(("replayed", arrived.Id, original)));
        (await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)).ShouldBe(HttpStatusCode.Conflict, "dead_letter_settled");
        (await http.AskAsync("/v1/dead-letters/1", HttpMethod.Delete)).ShouldBe(HttpStatusCode.Conflict, "dead_letter_settled");

        // What went to the page says what it repeats; the page's own reader does not care.
        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        var second = (await http.AskAsync("/v1/dead-letters?after=1")).Body.GetProperty("dead_letters")[0].GetProperty("event");
        Assert.That(second.Text("replay_of"), Is.EqualTo(original));
    }

    [Test]
    public async Task Replay_OfARunsEnd_CountsInNoRun()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_completed", """{"agent_name":"a"}"""));
        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);

        var (response, _) = await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        var letters = (await http.AskAsync("/v1/dead-letters")).Body.GetProperty("dead_letters");
        Assert.That(letters[0].GetProperty("event").TryGetProperty("run", out _), Is.True);
        Assert.That(letters[1].GetProperty("event").TryGetProperty("run", out _), Is.False);
    }

    [Test]
    public async Task Replay_ManyOperatorsAtOnce_MakeOneEvent()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)));

        Assert.That(answers.Count(static a => a.Response.StatusCode == HttpStatusCode.Accepted), Is.EqualTo(1));
        Assert.That(
            answers.Where(static a => a.Response.StatusCode != HttpStatusCode.Accepted).Select(static a => a.Body.Text("code")),
            Has.All.EqualTo("dead_letter_settled"));
        Assert.That((await http.AskAsync("/v1/users/ada/undelivered")).Body.GetProperty("head").GetInt64(), Is.EqualTo(2));
    }

    [Test]
    public async Task Replay_ProcessEndsBeforeSettling_TheNextTryMakesNoSecondEvent()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<StubbornDeadLetterLog>());
        var stubborn = (StubbornDeadLetterLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");

        stubborn.SettleFault = new IOException("the process ends here");
        (await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)).ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(await NumbersAsync(http, "?state=waiting"), Is.EqualTo(new long[] { 1 }), "it is not lost");
        var (response, receipt) = await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);

        Assert.That((response.StatusCode, receipt.Seq()), Is.EqualTo((HttpStatusCode.Accepted, 2)));
        Assert.That(response.Headers.GetValues("Idempotency-Replayed"), Is.EqualTo(new[] { "true" }));
        Assert.That(
            (await http.AskAsync("/v1/users/ada/undelivered")).Body.GetProperty("head").GetInt64(), Is.EqualTo(2), "nor sent twice");
        Assert.That(
            (await http.AskAsync("/v1/dead-letters?state=replayed")).Body.GetProperty("dead_letters")[0].Text("replayed_as"),
            Is.EqualTo(receipt.Text("id")));
    }

    [Test]
    public async Task Replay_NotStoredInTime_LeavesItWaitingForTheSameEvent()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>(), time: time);
        var holding = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        holding.Hold();
        var replaying = http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);
        await page.ReadAsync<EventMessage>();
        while (!replaying.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var failed = await replaying;
        failed.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(failed.Body.Seq(), Is.EqualTo(2));
        Assert.That(await NumbersAsync(http, "?state=waiting"), Is.EqualTo(new long[] { 1 }));
        var again = http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);
        holding.Release();

        Assert.That((await again).Body.Seq(), Is.EqualTo(2));
        Assert.That(await NumbersAsync(http, "?state=replayed"), Is.EqualTo(new long[] { 1 }));
    }

    [Test]
    public async Task Replay_Refused_LeavesItWaiting()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var holding = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");

        holding.Refusal = AppendResult.Full;
        (await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)).ShouldBe(HttpStatusCode.ServiceUnavailable, "log_full");
        holding.Refusal = AppendResult.Taken;
        host.Bridge.Fail("the disk is gone");
        (await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)).ShouldBe(
            HttpStatusCode.ServiceUnavailable, "bridge_unavailable");

        Assert.That(await NumbersAsync(http, "?state=waiting"), Is.EqualTo(new long[] { 1 }), "a failed pipeline may be looked at");
    }

    [Test]
    public async Task Drop_Waiting_SettlesIt()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");

        var (response, _) = await http.AskAsync("/v1/dead-letters/1", HttpMethod.Delete);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        (await http.AskAsync("/v1/dead-letters/1", HttpMethod.Delete)).ShouldBe(HttpStatusCode.Conflict, "dead_letter_settled");
        var replay = await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);
        replay.ShouldBe(HttpStatusCode.Conflict, "dead_letter_settled");
        Assert.That(replay.Body.Text("detail"), Does.Contain("dropped"));
        Assert.That((await http.AskAsync("/v1/users/ada/undelivered")).Body.GetProperty("head").GetInt64(), Is.EqualTo(1));
    }

    [TestCase("2")]
    [TestCase("0")]
    [TestCase("01")]
    [TestCase("-1")]
    [TestCase("x")]
    [TestCase("99999999999999999999999")]
    public async Task Settle_NoSuchLetter_IsNotFound(string number)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await BuryAsync(host, http, "ada");

        (await http.AskAsync($"/v1/dead-letters/{number}/replay", HttpMethod.Post)).ShouldBe(HttpStatusCode.NotFound, "not_found");
        (await http.AskAsync($"/v1/dead-letters/{number}", HttpMethod.Delete)).ShouldBe(HttpStatusCode.NotFound, "not_found");
    }

    // One event each, that expires before anybody acknowledges it.
    private static async Task<List<string>> BuryAsync(PipelineHost host, HttpClient http, params string[] users)
    {
        var ids = new List<string>();
        foreach (var user in users)
        {
            var (_, receipt) = await http.PublishAsync(EventJson("agent_started", Started, user));
            ids.Add(receipt.Text("id")!);
            await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        }

        return ids;
    }

    private static async Task<long[]> NumbersAsync(HttpClient http, string query)
        => NumbersOf((await http.AskAsync($"/v1/dead-letters{query}")).Body);

    private static long[] NumbersOf(JsonElement list)
        => [.. list.GetProperty("dead_letters").EnumerateArray().Select(static l => l.GetProperty("dead_letter_id").GetInt64())];
}
