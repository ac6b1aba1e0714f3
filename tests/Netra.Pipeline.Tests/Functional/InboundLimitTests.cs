using System.Net;
using System.Text;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec X2: a connection that sends too much is read more slowly. Nobody is ended for it, and nobody else notices.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InboundLimitTests
{
    private static readonly (string, string)[] Settings =
    [
        ("Netra:Limits:InboundMessagesPerSecond", "100"), ("Netra:Limits:InboundBurst", "00:00:01"),
    ];

    [TestCase(RawFrame.Pong, "")]
    [TestCase(RawFrame.Text, """{"type":"ack","seq":0}""")]
    [TestCase(RawFrame.Text, """{"type":"nothing"}""")]
    [TestCase(RawFrame.Ping, "p")]
    public async Task Flood_OfFrames_IsReadAtItsRateAndEndsNothing(int opcode, string payload)
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: Settings, time: time);
        await using var flooding = await RawPeer.OpenAsync(host.Port, "mallory");
        byte[] flood = [.. Enumerable.Range(0, 150).SelectMany(_ => RawFrame.Encode(opcode, Encoding.UTF8.GetBytes(payload)))];
        await flooding.SendAsync(flood);
        await flooding.SendAsync(RawFrame.Encode(RawFrame.Text, """{"type":"cancel_run","id":"last","thread_id":"t","run_id":"r"}"""u8));

        var reading = ReadLastAsync(flooding);
        await Eventually.BecomesTrueAsync(
            () => host.Logs.Logs.Any(static log => log.EventId.Id == EventIds.ReadDelayed), "reading was held up, and that is told");
        Assert.That(reading.IsCompleted, Is.False, "more than 100 frames came within no time");
        for (var tenth = 0; !reading.IsCompleted; tenth++)
        {
            Assert.That(tenth, Is.LessThan(200), "the last message was never read");
            time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.That(await reading, Does.Contain("last"));
        Assert.That(host.EndReasonsOf("mallory"), Is.Empty);

        // Reading goes on in its time also while the server stops.
        await MonitoredHost.WhileTimePassesAsync(time, host.StopAsync());
    }

    [Test]
    public async Task Posts_AboveTheRate_AreRefusedUntilThereIsRoom()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: Settings, time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        var taken = 0;
        while (await page.PostAsync("messages", """{"type":"pong"}""") is { Response.StatusCode: HttpStatusCode.NoContent })
        {
            Assert.That(++taken, Is.LessThan(100));
        }

        Assert.That(taken, Is.InRange(5, 7), "100 a second, each of which counts as 20");
        var refused = await page.PostAsync("ack", """{"seq":0}""");
        Assert.That(refused.Response.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Response.Headers.RetryAfter?.ToString(), Is.EqualTo("1"));
        Assert.That(refused.Body.Text("code"), Is.EqualTo("rate_limited"));
        Assert.That(refused.Body.Text("detail"), Does.Contain("Netra:Limits:InboundMessagesPerSecond"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await page.PostAsync("ack", """{"seq":0}""")).Response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(host.EndReasonsOf("ada"), Is.Empty);
    }

    private static async Task<string> ReadLastAsync(RawPeer peer)
    {
        while (true)
        {
            if (await peer.ReadFrameAsync() is { Opcode: RawFrame.Text } frame && frame.PayloadText.Contains("\"last\""))
            {
                return frame.PayloadText;
            }
        }
    }
}
