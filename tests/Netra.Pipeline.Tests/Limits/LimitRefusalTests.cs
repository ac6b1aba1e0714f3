using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Limits;

/// <summary>Spec X2: every refusal is counted under its limit's name, and says the value and the option.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LimitRefusalTests
{
    private const string Metric = "netra.limit.refusals";

    [TestCase("Netra:Streams:MaxConnectionsPerUser", "connections_of_user", 503, "has 3 connections")]
    [TestCase("Netra:Limits:MaxConnectionsPerAddress", "connections_of_address", 503, "3 connections from 127.0.0.1")]
    [TestCase("Netra:Limits:HandshakesPerSecond", "handshakes", 429, "than 3 handshakes a second come in all")]
    [TestCase("Netra:Limits:HandshakesPerSecondPerAddress", "handshakes_of_address", 429, "than 3 handshakes a second")]
    public async Task Handshake_AboveALimit_IsCountedAndSaysWhich(string option, string limit, int status, string said)
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IMeterFactory>(meters),
            settings: [(option, "3"), ("Netra:Limits:HandshakeBurst", "00:00:01")],
            time: new TestTimeProvider());
        var pages = new List<RawPeer>();
        for (var i = 0; i < 3; i++)
        {
            pages.Add(await RawPeer.OpenAsync(host.Port, "ada"));
        }

        await RefusesAsync(host, status, said, option);

        Assert.That(recorder.Sum(Metric, "netra.limit", limit), Is.EqualTo(1));
        Assert.That(recorder.Sum(Metric), Is.EqualTo(1));
        await DisposeAsync(pages);
    }

    [Test]
    public async Task Connection_AboveAllThatMayBeHeld_IsCountedAndSaysHowMany()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IMeterFactory>(meters), settings: [("Netra:Connections:MaxConnections", "24")]);
        var pages = new List<RawPeer>();
        for (var i = 0; i < 21; i++)
        {
            pages.Add(await RawPeer.OpenAsync(host.Port, $"user-{i}"));
        }

        await RefusesAsync(host, 503, "21 connections are held", "Netra:Connections:MaxConnections");

        Assert.That(recorder.Sum(Metric, "netra.limit", "connections"), Is.EqualTo(1));
        await DisposeAsync(pages);
    }

    [Test]
    public async Task Requests_AboveALimit_AreCounted()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IMeterFactory>(meters),
            settings:
            [
                ("Netra:Limits:PublishedEventsPerSecond", "2"), ("Netra:Limits:PublishBurst", "00:00:01"),
                ("Netra:Limits:MaxOpenRunsPerUser", "1"), ("Netra:Monitoring:Enabled", "true"),
                ("Netra:Limits:InboundMessagesPerSecond", "20"), ("Netra:Limits:InboundBurst", "00:00:01"),
            ],
            time: new TestTimeProvider());
        using var http = host.CreateClient();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        foreach (var run in (string[])["r1", "r2", "r1"])
        {
            using var content = new StringContent(
                $$$"""{"user_id":"ada","thread_id":"t1","run_id":"{{{run}}}","type":"token","data":{"delta":"x"}}""",
                Encoding.UTF8,
                "application/json");
            using var answer = await http.PostAsync("/v1/events", content);
            Assert.That((int)answer.StatusCode, Is.EqualTo(run == "r1" && recorder.Sum(Metric) == 0 ? 201 : 429));
            Assert.That(answer.Headers.RetryAfter is not null, Is.EqualTo((int)answer.StatusCode == 429));
        }

        while ((int)(await page.PostAsync("messages", """{"type":"pong"}""")).Response.StatusCode != 429)
        {
        }

        foreach (var limit in (string[])["open_runs", "published_events", "inbound"])
        {
            Assert.That(recorder.Sum(Metric, "netra.limit", limit), Is.EqualTo(1), limit);
        }
    }

    private static async Task RefusesAsync(PipelineHost host, int status, string said, string option)
    {
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(RawPeer.Handshake("ada"));
        var refusal = (await client.ReadResponseAsync())!;
        Assert.That((refusal.Status, refusal.Header("Retry-After")), Is.EqualTo((status, "1")));
        Assert.That(refusal.Text, Does.Contain(said).And.Contain(option));
    }

    private static async Task DisposeAsync(List<RawPeer> pages)
    {
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }
    }
}
