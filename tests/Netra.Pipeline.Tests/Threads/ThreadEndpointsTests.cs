using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Threads;

/// <summary>A user's threads over HTTP (docs/protocol.md, section 9.12).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class ThreadEndpointsTests(KindOfLog log)
{
    [Test]
    public async Task Threads_Interleaved_AreReadAsTheyWereSent()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await PublishAsync(http, "t1", "agent_started", """{"agent_name":"é \"quoted\""}""");
        await PublishAsync(http, "t2", "agent_started", """{"agent_name":"b"}""");
        await PublishAsync(http, "t1", "agent_started", """{"agent_name":"eve's"}""", user: "eve");
        for (var i = 0; i < 100; i++)
        {
            await PublishAsync(http, i % 3 == 0 ? "t2" : "t1", "token", $$"""{"delta":"{{i}}"}""");
        }

        await PublishAsync(http, "t2", "agent_completed", """{"agent_name":"b"}""");
        var sent = (await page.ReadEventsAsync(103)).Select(static e => (e.ThreadId, e.Seq)).ToList();

        foreach (var (thread, limit) in new[] { ("t1", 7), ("t2", 1000), ("t2", 1) })
        {
            var read = await ReadAsync(http, $"/v1/threads/{thread}/events?user_id=ada&limit={limit}");
            Assert.That(read.Select(static e => e.Seq()), Is.EqualTo(sent.Where(e => e.ThreadId == thread).Select(static e => e.Seq)));
            Assert.That(read.Select(static e => e.Text("thread_id")), Has.All.EqualTo(thread));
        }

        var first = (await ReadAsync(http, "/v1/threads/t1/events?user_id=ada&after=0"))[0];
        await using var late = await RawClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That(first.GetRawText(), Is.EqualTo(Encoding.UTF8.GetString((await late.ReadFrameAsync()).Payload)), "to the byte");
        var (_, list) = await http.AskAsync("/v1/threads?user_id=ada");
        Assert.That(
            list.GetProperty("threads").EnumerateArray().Select(static t => (t.Text("thread_id"), OpenRuns(t))),
            Is.EqualTo(new[] { ("t2", string.Empty), ("t1", "r1") }));
        var last = list.GetProperty("threads")[0].GetProperty("last_event");
        var end = (await ReadAsync(http, $"/v1/threads/t2/events?user_id=ada&after={last.Seq() - 1}")).Single();
        Assert.That(
            (last.Text("type"), last.GetProperty("timestamp").GetDecimal()),
            Is.EqualTo(("agent_completed", end.GetProperty("timestamp").GetDecimal())));
    }

    [Test]
    public async Task Threads_PageByPage_ListsEachOnce()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        for (var i = 0; i < 10; i++)
        {
            await PublishAsync(http, $"t{i}", "token", """{"delta":"x"}""");
        }

        var (threads, query) = (new List<string?>(), "&limit=3");
        while (query is not null)
        {
            var (_, page) = await http.AskAsync($"/v1/threads?user_id=ada{query}");
            threads.AddRange(page.GetProperty("threads").EnumerateArray().Select(static t => t.Text("thread_id")));
            query = page.Text("next") is { } next ? $"&limit=3&after={next}" : null;
        }

        Assert.That(threads, Is.EqualTo(Enumerable.Range(0, 10).Select(static i => $"t{9 - i}")));
    }

    [Test]
    public async Task Threads_OfAnotherUser_AreNotFoundAndLookingMakesNoStream()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, "secret", "token", """{"delta":"x"}""");
        await PublishAsync(http, "own", "token", """{"delta":"x"}""", user: "eve");

        (await http.AskAsync("/v1/threads/secret/events?user_id=eve")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        (await http.AskAsync("/v1/threads/secret/events?user_id=bob")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        var (_, eve) = await http.AskAsync("/v1/threads?user_id=eve");
        var (_, bob) = await http.AskAsync("/v1/threads?user_id=bob");

        Assert.That(eve.GetProperty("threads").EnumerateArray().Select(static t => t.Text("thread_id")), Is.EqualTo(new[] { "own" }));
        Assert.That(bob.GetProperty("threads").GetArrayLength(), Is.Zero);
        Assert.That(host.Services.GetRequiredService<IEventLog>().StreamCount, Is.EqualTo(2));
    }

    [TestCase("https://id.example/a b?c#d%25ä")]
    [TestCase("..")]
    [TestCase(".")]
    [TestCase("%2E%2E")]
    [TestCase("a%2Fb")]
    [TestCase("a/../b")]
    [TestCase("🧵+;=&")]
    public async Task Thread_OfAnyName_IsFound(string thread)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, thread, "token", """{"delta":"x"}""");

        // The client's own addresses would take the dots away.
        var path = Uri.EscapeDataString(thread).Replace(".", "%2E", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(
                $"{host.HttpAddress}v1/threads/{path}/events?user_id=ada",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var answer = JsonElement.Parse(await (await http.SendAsync(request)).Content.ReadAsByteArrayAsync());

        Assert.That(answer.Text("thread_id"), Is.EqualTo(thread));
        Assert.That(answer.GetProperty("events").EnumerateArray().Single().Text("thread_id"), Is.EqualTo(thread));
        var (_, list) = await http.AskAsync("/v1/threads?user_id=ada");
        Assert.That(list.GetProperty("threads")[0].Text("thread_id"), Is.EqualTo(thread));
    }

    [Test]
    public async Task Title_OfAThread_IsTheLastOneGivenElseItsFirstMessage()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, "t1", "token", """{"delta":"x"}""");
        Assert.That(await TitleAsync(), Is.Null);
        await using var thread = await host.Emitters.CreateThreadEmitterAsync(host.Contexts.CreateForThread("ada", "t1"));
        var question = $"What is {new string('x', 70)}";
        await StoreAsync(thread.UserMessageAsync($"  {question} 🧵?", "m1", data: null, KeyOf(1), command: null, CancellationToken.None));
        await StoreAsync(thread.UserMessageAsync("And then?", "m2", data: null, KeyOf(2), command: null, CancellationToken.None));
        Assert.That(await TitleAsync(), Is.EqualTo(question), "80 characters would end within the thread");
        await PublishAsync(http, "t1", "custom", """{"value":"Tra\u0076el","name":"title","more":[{}]}""", run: null);
        Assert.That(await TitleAsync(), Is.EqualTo("Travel"));
        await StoreAsync(thread.CustomAsync("title", "Trips"));
        await StoreAsync(thread.CustomAsync("title", 7));
        await PublishAsync(http, "t1", "custom", """{"name":"title","value":"of a run"}""");
        Assert.That(await TitleAsync(), Is.EqualTo("Trips"));

        async Task<string?> TitleAsync()
            => (await http.AskAsync("/v1/threads?user_id=ada")).Body.GetProperty("threads")[0].Text("title");

        static async Task StoreAsync(ValueTask<EventReceipt> emitted) => await (await emitted).WhenStoredAsync();

        static PublishKey KeyOf(int number) => new((UInt128)number, UInt128.One, TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
    }

    [Test]
    public async Task DeadLetter_SentAgain_IsOfItsThread()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, "old", "agent_started", """{"agent_name":"a"}""");
        var later = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);
        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(later, CancellationToken.None);
        (await http.AskAsync("/v1/threads/old/events?user_id=ada")).ShouldBe(HttpStatusCode.NotFound, "not_found");

        (await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post)).Response.EnsureSuccessStatusCode();

        var read = await ReadAsync(http, "/v1/threads/old/events?user_id=ada&limit=1");
        Assert.That(read.Select(static e => e.Seq()), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public async Task Threads_Expired_AreGone()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, "old", "token", """{"delta":"x"}""");
        await PublishAsync(http, "old", "custom", """{"name":"n","value":1}""");
        var later = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);
        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(later, CancellationToken.None);
        await PublishAsync(http, "new", "token", """{"delta":"x"}""");

        (await http.AskAsync("/v1/threads/old/events?user_id=ada")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        var (_, list) = await http.AskAsync("/v1/threads?user_id=ada");
        Assert.That(list.GetProperty("threads").EnumerateArray().Select(static t => t.Text("thread_id")), Is.EqualTo(new[] { "new" }));
    }

    [Test]
    public async Task Thread_OfLargeEvents_IsReadInPagesOfABoundedSize()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        for (var i = 0; i < 12; i++)
        {
            await PublishAsync(http, "t1", "token", $$"""{"delta":"{{new string('x', 200_000)}}"}""");
        }

        var (_, page) = await http.AskAsync("/v1/threads/t1/events?user_id=ada");

        Assert.That(page.GetProperty("events").GetArrayLength(), Is.EqualTo(5));
        Assert.That(page.GetProperty("next").GetInt64(), Is.EqualTo(5));
        Assert.That(await ReadAsync(http, "/v1/threads/t1/events?user_id=ada&limit=1000"), Has.Count.EqualTo(12));
    }

    [TestCase("/v1/threads?user_id=ada&limit=0")]
    [TestCase("/v1/threads?user_id=ada&limit=1001")]
    [TestCase("/v1/threads?user_id=ada&after=x")]
    [TestCase("/v1/threads?user_id=ada&after=")]
    [TestCase("/v1/threads?user_id=ada&after=1&after=2")]
    [TestCase("/v1/threads/t1/events?user_id=ada&after=-1")]
    [TestCase("/v1/threads/t1/events?user_id=ada&limit=")]
    [TestCase("/v1/threads")]
    [TestCase("/v1/threads?user_id=$own")]
    public async Task Request_Malformed_IsRefused(string path)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        (await http.AskAsync(path)).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
    }

    [Test]
    public async Task Threads_WithAnAuthenticator_AreThoseOfTheCredential()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseAuthenticator<TokenAuthenticator>(), log: log);
        using var http = host.CreateClient();
        await PublishAsync(http, "t1", "token", """{"delta":"x"}""");

        (await http.AskAsync("/v1/threads?user_id=ada")).ShouldBe(HttpStatusCode.Unauthorized, "unauthorized");
        (await http.AskAsync("/v1/threads/t1/events?token=nobody")).ShouldBe(HttpStatusCode.Forbidden, "forbidden");
        Assert.That((await http.AskAsync("/v1/threads?token=ada")).Body.GetProperty("threads").GetArrayLength(), Is.EqualTo(1));
        Assert.That((await http.AskAsync("/v1/threads?token=eve&user_id=ada")).Body.GetProperty("threads").GetArrayLength(), Is.Zero);
    }

    private static string OpenRuns(JsonElement thread)
        => string.Join(',', thread.GetProperty("open_runs").EnumerateArray().Select(static run => run.GetString()));

    private static async Task PublishAsync(
        HttpClient http, string thread, string type, string data, string user = "ada", string? run = "r1")
    {
        var runId = run is null ? null : $"\"run_id\":\"{run}\",";
        var (response, body) = await http.PublishAsync(
            $$"""{"user_id":"{{user}}","thread_id":{{JsonSerializer.Serialize(thread)}},{{runId}}"type":"{{type}}","data":{{data}}}""");
        Assert.That(response.IsSuccessStatusCode, body.ToString());
    }

    private static async Task<List<JsonElement>> ReadAsync(HttpClient http, string path)
    {
        var events = new List<JsonElement>();
        for (var query = string.Empty; query is not null;)
        {
            var (_, page) = await http.AskAsync(path + query);
            events.AddRange(page.GetProperty("events").EnumerateArray());
            query = page.TryGetProperty("next", out var next) ? $"&after={next.GetInt64()}" : null;
        }

        return events;
    }

    private sealed class TokenAuthenticator : IConnectionAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
            => ValueTask.FromResult(request.Query["token"].ToString() switch
            {
                "" => AuthenticationResult.Unauthorized("There is no token."),
                "nobody" => AuthenticationResult.Forbid("Nobody."),
                var user => AuthenticationResult.Admit(user),
            });
    }
}
