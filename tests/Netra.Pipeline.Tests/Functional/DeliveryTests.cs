using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>The main path: events of a run reach every device of their user, in order, over real sockets.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DeliveryTests
{
    [Test]
    public async Task Emitter_TwoDevicesConnected_BothReceiveEveryEventInOrder()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var laptop = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var phone = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");

        await emitter.AgentStartedAsync("demo");
        for (var i = 0; i < 500; i++)
        {
            await emitter.TokenAsync($"{i} ");
        }

        var last = await emitter.AgentCompletedAsync("demo");

        Assert.That(last.Status, Is.EqualTo(EventStatus.Queued));
        foreach (var client in new[] { laptop, phone })
        {
            var events = await client.ReadEventsAsync(502);
            Assert.That(events.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, 502).Select(static i => (long)i)));
            Assert.That(events[0].EventType, Is.EqualTo(EventType.AgentStarted));
            Assert.That(
                string.Concat(events.Skip(1).Take(500).Select(static e => e.Data.GetProperty("delta").GetString())),
                Does.StartWith("0 1 2 3 "));
            Assert.That(events[^1].Id, Is.EqualTo(last.Id));
        }
    }

    [Test]
    public async Task Host_StopsWithEventsQueued_WritesThemBeforeTheGoodbye()
    {
        await using var host = await PipelineHost.StartAsync(settings: [HostLogs.LongGoodbye]);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 200; i++)
        {
            await emitter.TokenAsync("last words");
        }

        var stopping = host.StopAsync();

        Assert.That((await page.ReadEventsAsync(200))[^1].Seq, Is.EqualTo(200));
        Assert.That((await page.ReadToEndAsync()).Reason, Is.EqualTo("server_shutdown"));
        await stopping;
    }
}
