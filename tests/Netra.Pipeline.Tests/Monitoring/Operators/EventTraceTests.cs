using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Events;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary><c>GET /v1/events/{id}/trace</c> (docs/protocol.md, section 9.4).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class EventTraceTests(KindOfLog log)
{
    [Test]
    public async Task Trace_Acknowledged_HasEveryStep()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        await page.ReadEventsAsync(1);
        await page.AckAsync(1);

        var trace = await TraceOnceAcknowledgedAsync(http, receipt.Text("id")!);

        Assert.That(
            trace.EnumerateObject().Select(static m => m.Name),
            Is.EqualTo(new[] { "id", "user_id", "seq", "type", "thread_id", "run_id", "state", "steps", "complete" }));
        Assert.That((trace.Text("id"), trace.Text("user_id"), trace.Seq()), Is.EqualTo((receipt.Text("id"), "ada", 1)));
        Assert.That((trace.Text("type"), trace.Text("thread_id"), trace.Text("run_id")), Is.EqualTo(("agent_started", "t1", "r1")));
        Assert.That((trace.Text("state"), trace.GetProperty("complete").GetBoolean()), Is.EqualTo(("acknowledged", true)));
        Assert.That(StagesOf(trace), Is.EquivalentTo(new[] { "accepted", "stored", "queued", "written", "acknowledged" }));
        foreach (var step in trace.GetProperty("steps").EnumerateArray())
        {
            Assert.That(
                step.Text("connection_id"), Is.EqualTo(step.Text("stage") is "accepted" or "stored" ? null : page.Welcome.ConnectionId));
            Assert.That(
                step.GetProperty("at").GetDouble(),
                Is.EqualTo((TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds).Within(
                    TestClient.Patience.TotalSeconds));
        }
    }

    [Test]
    public async Task Trace_NobodyConnected_IsPending()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(TokenJson());

        var (_, trace) = await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace");

        Assert.That((trace.Text("state"), string.Join(' ', StagesOf(trace))), Is.EqualTo(("pending", "accepted stored")));
    }

    [Test]
    public async Task Trace_Expired_HasNoContentAnyMore()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(TokenJson());
        await ExpireAsync(host, TimeProvider.System.GetUtcNow());

        var (_, trace) = await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace");

        Assert.That(
            trace.EnumerateObject().Select(static m => m.Name), Is.EqualTo(new[] { "id", "user_id", "seq", "state", "steps", "complete" }));
        Assert.That((trace.Text("state"), string.Join(' ', StagesOf(trace))), Is.EqualTo(("expired", "expired")));
    }

    [Test]
    public async Task Trace_AcknowledgedAndThenExpired_StaysAcknowledged()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(TokenJson());
        await page.ReadEventsAsync(1);
        await page.AckAsync(1);
        var before = await TraceOnceAcknowledgedAsync(http, receipt.Text("id")!);

        // Just the event: the steps of its age go with it.
        var accepted = before.GetProperty("steps")[0].GetProperty("at").GetDouble();
        await ExpireAsync(host, DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(accepted) + TimeSpan.FromMicroseconds(20));

        var (_, trace) = await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace");

        Assert.That((trace.Text("state"), StagesOf(trace)[^1]), Is.EqualTo(("acknowledged", "expired")));
    }

    [Test]
    public async Task Trace_DeadLetter_SaysSoAndHasItsContent()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        await ExpireAsync(host, TimeProvider.System.GetUtcNow());

        var (_, trace) = await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace");

        Assert.That((trace.Text("state"), trace.Text("type")), Is.EqualTo(("dead_lettered", "agent_started")));
        Assert.That(StagesOf(trace), Is.EquivalentTo(new[] { "dead_lettered", "expired" }));
    }

    [Test]
    public async Task Trace_DeadLetterThatIsConfirmedAfterAll_IsAcknowledged()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        await page.ReadEventsAsync(1);
        Assert.That(host.Streams.TryGetLoaded("ada", out var stream), Is.True);
        await stream!.Criticals.MakeDeadLettersAsync(new SeqRange(1, 1), 4, CancellationToken.None);

        Assert.That((await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace")).Body.Text("state"), Is.EqualTo("dead_lettered"));
        await page.AckAsync(1);
        await Eventually.BecomesTrueAsync(() => stream.Stages.IsAcknowledged(1), "the page has acknowledged");
        Assert.That((await http.AskAsync($"/v1/events/{receipt.Text("id")}/trace")).Body.Text("state"), Is.EqualTo("acknowledged"));
    }

    [Test]
    public async Task Trace_IdThatWasNeverGiven_IsNotFound()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var (_, receipt) = await http.PublishAsync(TokenJson());
        var id = receipt.Text("id")!;

        foreach (var unknown in new[]
        {
            id + "0", id.ToUpperInvariant() + "x", id[..^1] + "2", EventDraft.IdOf(EventDraft.KeyOf(42), 1), "nonsense", "0"
        })
        {
            (await http.AskAsync($"/v1/events/{unknown}/trace")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        }
    }

    [Test]
    public void Names_OfEveryValue_AreTheProtocols()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        var section = document[document.IndexOf(
            "### 9.4", StringComparison.Ordinal)..document.IndexOf("### 9.6", StringComparison.Ordinal)];
        string[] names =
        [
            .. Enum.GetValues<HistoryStage>().Select(AccountNames.Of),
            .. Enum.GetValues<EventState>().Select(AccountNames.Of),
            .. Enum.GetValues<DeadLetterState>().Select(Netra.Pipeline.Delivery.DeadLetterJson.NameOf),
            .. Enum.GetValues<DeadLetterCause>().Select(Netra.Pipeline.Delivery.DeadLetterJson.NameOf),
            .. Enum.GetValues<WebhookState>().Select(Netra.Pipeline.Delivery.DeadLetterJson.NameOf),
        ];
        foreach (var name in names)
        {
            Assert.That(section, Does.Contain($"`{name}`").Or.Contain($"\"{name}\""));
        }
    }

    private static async Task ExpireAsync(PipelineHost host, DateTimeOffset olderThan)
        => Assert.That(await host.Services.GetRequiredService<IEventLog>().ExpireAsync(olderThan, CancellationToken.None), Is.Not.Empty);

    // Positions of connections are recorded once a second.
    private static async Task<JsonElement> TraceOnceAcknowledgedAsync(HttpClient http, string id)
    {
        while (true)
        {
            var (response, trace) = await http.AskAsync($"/v1/events/{id}/trace");
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            if (StagesOf(trace).Contains("acknowledged"))
            {
                return trace;
            }
        }
    }

    private static string[] StagesOf(JsonElement trace)
        => [.. trace.GetProperty("steps").EnumerateArray().Select(static step => step.Text("stage")!)];
}
