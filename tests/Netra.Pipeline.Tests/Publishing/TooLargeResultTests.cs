using System.Net;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>A tool whose result is too large ends all the same, on every device.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TooLargeResultTests
{
    private static readonly (string Key, string Value)[] Settings =
        [("Netra:Streams:MaxEventBytes", "1024"), ("Netra:Publish:MaxBodyBytes", "4096"), ("Netra:Monitoring:Enabled", "true")];

    // One that fits into a body, and one that does not.
    [Test]
    public async Task Result_TooLarge_EndsItsToolAsFailed([Values(2_000, 20_000)] int length, [Values] bool asLine)
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        await http.PublishAsync(EventJson("tool_executing", """{"tool_name":"search","call_id":"c1"}"""));
        var result = EventJson(
            "tool_completed", $$"""{"tool_name":"search","call_id":"c1","result":"{{new string('x', length)}}"}""");

        // Twice, as a publisher does that tries again: the tool ends once.
        for (var i = 0; i < 2; i++)
        {
            if (asLine)
            {
                await using var lines = await PublishLines.OpenAsync(host);
                await lines.SendAsync(result);
                Assert.That((await lines.ReadAsync())!.Value.Text("code"), Is.EqualTo("event_too_large"));
            }
            else
            {
                (await http.PublishAsync(result)).ShouldBe(HttpStatusCode.RequestEntityTooLarge, "event_too_large");
            }
        }

        await http.PublishAsync(TokenJson());
        var events = await page.ReadEventsAsync(4);
        Assert.That(
            events.Select(static e => e.EventType),
            Is.EqualTo(new[] { EventType.AgentStarted, EventType.ToolExecuting, EventType.ToolCompleted, EventType.Token }));
        var data = events[2].Data;
        Assert.That((data.Text("tool_name"), data.Text("call_id"), data.Text("status")), Is.EqualTo(("search", "c1", "failed")));
        Assert.That(data.GetProperty("error").Text("code"), Is.EqualTo("event_too_large"));
        Assert.That(events[2].RunId, Is.EqualTo("r1"));
    }

    [Test]
    public async Task Result_TooLargeOfAToolThatIsNotOpen_EndsNothing()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));

        await http.PublishAsync(EventJson("tool_completed", $$"""{"tool_name":"search","result":"{{new string('x', 2_000)}}"}"""));

        await http.PublishAsync(TokenJson());
        Assert.That((await page.ReadEventsAsync(2))[1].EventType, Is.EqualTo(EventType.Token));
    }

    [TestCase("""{"url":"https://files.example/r1.png","bytes":12,"media_type":"image/png"}""", true)]
    [TestCase("""{"url":"/results/1"}""", true)]
    [TestCase("""{"url":"//evil.example/1"}""", false)]
    [TestCase("""{"url":"/\\evil.example/1"}""", false)]
    [TestCase("""{"url":"javascript:alert(1)"}""", false)]
    [TestCase("""{"url":"data:text/html,x"}""", false)]
    [TestCase("""{"url":"results/1"}""", false)]
    [TestCase("""{"bytes":12}""", false)]
    [TestCase("""{"url":"/a","bytes":-1}""", false)]
    public async Task ResultRef_IsTakenOrRefused(string reference, bool isValid)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var (response, body) = await http.PublishAsync(
            EventJson("tool_completed", $$"""{"tool_name":"draw","result_ref":{{reference}}}"""));

        Assert.That(response.IsSuccessStatusCode, Is.EqualTo(isValid), body.ToString());
    }
}
