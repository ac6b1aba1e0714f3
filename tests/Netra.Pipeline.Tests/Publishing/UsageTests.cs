using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>What runs have cost: said by terminal events, and later by their threads.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class UsageTests
{
    private const string Metric = "gen_ai.client.token.usage";

    [Test]
    public async Task Usage_OfTerminalAndLateEvents_FeedsTheMetric()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(b => b.Services.AddSingleton<IMeterFactory>(meters));
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));

        await http.PublishAsync(EventJson(
            "agent_completed", """{"agent_name":"a","usage":{"input_tokens":100,"output_tokens":20,"request_model":"m1"}}"""));
        await http.PublishAsync(
            """{"user_id":"ada","thread_id":"t1","type":"custom","data":{"name":"usage","value":{"run_id":"r1","output_tokens":3}}}""");

        Assert.That(recorder.Sum(Metric, "gen_ai.token.type", "input"), Is.EqualTo(100));
        Assert.That(recorder.Sum(Metric, "gen_ai.token.type", "output"), Is.EqualTo(23));
        Assert.That(recorder.Sum(Metric, "gen_ai.request.model", "m1"), Is.EqualTo(120));
    }

    [Test]
    public async Task Usage_OfAnEmitter_IsInItsTerminalEvent()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(b => b.Services.AddSingleton<IMeterFactory>(meters));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("a");

        emitter.Usage = new TokenUsage(7, null) { ProviderName = "p" };
        await emitter.AgentCompletedAsync("a");

        var terminal = (await page.ReadEventsAsync(2))[1];
        Assert.That(terminal.EventType, Is.EqualTo(EventType.AgentCompleted));
        Assert.That(terminal.Data.GetProperty("usage").GetRawText(), Is.EqualTo("""{"input_tokens":7,"provider_name":"p"}"""));
        Assert.That(recorder.Sum(Metric), Is.EqualTo(7));
    }

    [TestCase("""{"input_tokens":-1}""")]
    [TestCase("""{"input_tokens":1.5}""")]
    [TestCase("\"many\"")]
    public async Task Usage_NotAsItShouldBe_IsRefused(string usage)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var (_, body) = await http.PublishAsync(EventJson("agent_completed", $$"""{"agent_name":"a","usage":{{usage}}}"""));

        Assert.That(body.Text("code"), Is.EqualTo("invalid_event"));
        Assert.That(body.Text("detail"), Does.Contain("usage"));
    }
}
