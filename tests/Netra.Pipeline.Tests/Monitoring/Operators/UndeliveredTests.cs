using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary><c>GET /v1/users/{user_id}/undelivered</c> (docs/protocol.md, section 9.4).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class UndeliveredTests(KindOfLog log)
{
    [Test]
    public async Task Undelivered_SomeAcknowledged_ListsTheOthers()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await using (var page = await TestClient.ConnectAsync(host.SocketAddress("ada")))
        {
            await http.PublishAsync(TokenJson());
            await http.PublishAsync(TokenJson());
            await page.ReadEventsAsync(2);
            await page.AckAsync(2);
            await Eventually.BecomesTrueAsync(
                () => host.Streams.TryGetLoaded("ada", out var stream) && stream.Stages.IsAcknowledged(2), "the page has acknowledged");
        }

        var (_, third) = await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}""", runId: "r\\u00e9"));
        await http.PublishAsync(TokenJson());

        var (response, list) = await http.AskAsync("/v1/users/ada/undelivered");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            list.EnumerateObject().Select(static m => m.Name),
            Is.EqualTo(new[] { "user_id", "head", "acknowledged_through", "pending", "events" }));
        Assert.That(
            (
                list.Text("user_id"),
                list.GetProperty("head").GetInt64(),
                list.GetProperty("acknowledged_through").GetInt64(),
                list.GetProperty("pending").GetInt64()),
            Is.EqualTo(("ada", 4, 2, 2)));
        var listed = list.GetProperty("events").EnumerateArray().ToList();
        Assert.That(listed.Select(static e => e.Seq()), Is.EqualTo(new long[] { 3, 4 }));
        Assert.That(
            listed[0].EnumerateObject().Select(static m => m.Name),
            Is.EqualTo(new[] { "id", "seq", "type", "thread_id", "run_id", "timestamp" }));
        Assert.That(
            (listed[0].Text("id"), listed[0].Text("type"), listed[0].Text("thread_id"), listed[0].Text("run_id")),
            Is.EqualTo((third.Text("id"), "agent_started", "t1", "ré")));
        await using var late = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That(listed[0].GetProperty("timestamp").GetDouble(), Is.EqualTo((await late.ReadEventsAsync(3))[2].Timestamp));
    }

    [TestCase(1, 10)]
    [TestCase(50, 120)]
    [TestCase(60, 120)]
    [TestCase(100, 100)]
    [TestCase(1000, 120)]
    public async Task Undelivered_PageByPage_ListsEachOnce(int limit, int count)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await using (var lines = await PublishLines.OpenAsync(host))
        {
            await lines.SendAsync(string.Join('\n', Enumerable.Range(0, count).Select(static i => TokenJson($"{i}"))));
            await lines.CompleteAsync();
        }

        var (seqs, pages, query) = (new List<long>(), 0, $"?limit={limit}");
        while (query is not null)
        {
            var (_, page) = await http.AskAsync($"/v1/users/ada/undelivered{query}");
            var events = page.GetProperty("events").EnumerateArray().Select(static e => e.Seq()).ToList();
            Assert.That(events, Has.Count.InRange(1, limit));
            seqs.AddRange(events);
            pages++;
            query = page.TryGetProperty("next", out var next) ? $"?after={next.GetInt64()}&limit={limit}" : null;
        }

        Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, count).Select(static i => (long)i)));
        Assert.That(pages, Is.EqualTo((count + limit - 1) / limit));
    }

    [Test]
    public async Task Undelivered_LargestEvents_AreListed()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        for (var i = 0; i < 3; i++)
        {
            await http.PublishAsync(TokenJson(new string('x', 200_000)));
        }

        Assert.That((await http.AskAsync("/v1/users/ada/undelivered?after=1")).Body.GetProperty("events").GetArrayLength(), Is.EqualTo(2));
    }

    [Test]
    public async Task Undelivered_UserWithSlashes_IsFound()
    {
        const string User = "https://id.example/a b?c#d%25ä";
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(TokenJson(userId: User));

        var (_, list) = await http.AskAsync($"/v1/users/{Uri.EscapeDataString(User)}/undelivered");

        Assert.That(list.Text("user_id"), Is.EqualTo(User));
    }

    [Test]
    public async Task Undelivered_OfNobody_IsNotFoundAndMakesNoStream()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        (await http.AskAsync("/v1/users/nobody/undelivered")).ShouldBe(HttpStatusCode.NotFound, "not_found");

        Assert.That(await host.Services.GetRequiredService<IEventLog>().KnowsUserAsync("nobody", CancellationToken.None), Is.False);
    }

    [TestCase("limit=0", "limit must be an integer from 1 to 1000")]
    [TestCase("limit=1001", "limit must be")]
    [TestCase("limit=", "limit must be")]
    [TestCase("limit=-1", "limit must be")]
    [TestCase("limit=1%00", "limit must be")]
    [TestCase("limit=1.5", "limit must be")]
    [TestCase("limit=%2B1", "limit must be")]
    [TestCase("after=-1", "after must be an integer from 0 to 9007199254740991")]
    [TestCase("after=9007199254740992", "after must be")]
    [TestCase("after=99999999999999999999999", "after must be")]
    [TestCase("after=x", "after must be")]
    [TestCase("after=1&after=2", "after occurs twice")]
    public async Task Undelivered_BadParameter_IsRefused(string query, string detail)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(TokenJson());

        var answer = await http.AskAsync($"/v1/users/ada/undelivered?{query}");

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Does.StartWith(detail));
    }
}
