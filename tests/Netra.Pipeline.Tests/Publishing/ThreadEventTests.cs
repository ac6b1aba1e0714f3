using System.Net;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Events of a thread that belong to no run.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ThreadEventTests
{
    private const string Title = """{"user_id":"ada","thread_id":"t1","type":"custom","data":{"name":"title","value":"Travel"}}""";

    [Test]
    public async Task Custom_WithoutRun_IsNumberedAndArrivesOutsideOfAnyRun([Values] KindOfLog log)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        var (response, receipt) = await http.PublishAsync(Title);
        await http.PublishAsync(EventJson("agent_completed", """{"agent_name":"a"}"""));
        var (late, _) = await http.PublishAsync(Title);

        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var events = await page.ReadEventsAsync(4);

        Assert.That(new[] { response.StatusCode, late.StatusCode }, Is.All.EqualTo(HttpStatusCode.Accepted));
        Assert.That(receipt.Seq(), Is.EqualTo(2));
        Assert.That(events.Select(static e => (e.EventType, e.ThreadId, e.RunId)), Is.EqualTo(new (EventType?, string, string)[]
        {
            (EventType.AgentStarted, "t1", "r1"), (EventType.Custom, "t1", string.Empty),
            (EventType.AgentCompleted, "t1", "r1"), (EventType.Custom, "t1", string.Empty),
        }));
        Assert.That(events[2].Run, Is.EqualTo(new RunSummary(2, 1, 3)), "it counts in no run");
    }

    [Test]
    public async Task Custom_WithoutRunUnderAKey_IsOneEvent()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var first = await http.PublishExactlyAsync(Title.WithKey("k1"));
        var second = await http.PublishExactlyAsync(Title.WithKey("k1"));

        Assert.That(second, Is.EqualTo(first with { IsReplay = true }));
    }

    [TestCase("token", """{"delta":"x"}""")]
    [TestCase("agent_started", """{"agent_name":"a"}""")]
    [TestCase("heartbeat", "{}")]
    public async Task Other_WithoutRun_IsRefused(string type, string data)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync($$"""{"user_id":"ada","thread_id":"t1","type":"{{type}}","data":{{data}}}""");

        answer.ShouldBe(HttpStatusCode.BadRequest, "context_invalid");
        Assert.That(answer.Body.Text("detail"), Does.Contain("run_id is missing"));
    }

    [Test]
    public async Task Custom_WithAnEmptyRun_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(EventJson("custom", """{"name":"n","value":1}""", runId: string.Empty));

        answer.ShouldBe(HttpStatusCode.BadRequest, "context_invalid");
    }

    [Test]
    public async Task ThreadEmitter_OfTheLibrary_EmitsBesideRuns()
    {
        await using var host = await PipelineHost.StartAsync();
        var run = host.Contexts.Create("ada", "t1", "r1");
        await using var thread = await host.Emitters.CreateThreadEmitterAsync(run);
        await using var other = await host.Emitters.CreateThreadEmitterAsync(host.Contexts.CreateForThread("ada", "t2"));

        await thread.CustomAsync("title", "Travel");
        await other.CustomAsync("usage", null);

        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var events = await page.ReadEventsAsync(2);
        Assert.That(events.Select(static e => (e.ThreadId, e.RunId)), Is.EqualTo(new[] { ("t1", string.Empty), ("t2", string.Empty) }));
        Assert.That(events[1].Data.GetRawText(), Is.EqualTo("""{"name":"usage","value":null}"""));
    }

    [Test]
    public async Task Emitter_ContextOfAThread_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        var context = host.Contexts.CreateForThread("ada", "t1");

        Assert.That(
            async () => await host.Emitters.CreateEmitterAsync(context),
            Throws.TypeOf<ContextValidationException>().With.Message.Contain("run_id"));
    }
}
