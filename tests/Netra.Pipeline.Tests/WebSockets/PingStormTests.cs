using System.Text;
using System.Text.Json;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Pings of the client while the server sends: the WebSocket answers them on its own account, beside the writer.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PingStormTests
{
    private const int Events = 4000;
    private const int Asked = 1000;

    [Test]
    public async Task Pings_DuringBurstsAndStalls_CorruptNothing([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SideBufferBytes", "1048576"), ("Netra:Connections:QueueFrames", "256"), HostLogs.NoPings],
            kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 16 * 1024);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Wait });
        var emitting = EmitAsync(emitter);
        var pinging = PingAsync(client);

        var (pongs, next, frames) = (new List<string>(), 1L, 0);
        while (next <= Events || pongs.Count < Asked)
        {
            var frame = (await client.ReadFrameAsync())!;
            Assert.That((frame.IsFinal, frame.ReservedBits), Is.EqualTo((true, 0)));
            if (frame.Opcode == RawFrame.Pong)
            {
                pongs.Add(frame.PayloadText);
            }
            else if (frame.Opcode == RawFrame.Text)
            {
                var message = JsonDocument.Parse(frame.Payload).RootElement;
                if (message.TryGetProperty("seq", out var seq))
                {
                    Assert.That(seq.GetInt64(), Is.EqualTo(next++), "complete and in order");
                }
            }

            // The client stalls now and then, so that the server's flush is pending while pings come.
            if (++frames % 500 == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }

        await emitting;
        Assert.That(pongs, Is.EqualTo(await pinging), "each ping is answered with its own payload, in order");
        Assert.That(host.EndReasonsOf("ada"), Is.Empty);
        host.AssertNoErrors();
    }

    [Test]
    public async Task Pings_OfAPeerThatNeverReads_EndAsPingFloodWithItsCode([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [HostLogs.NoPings, ("Netra:Connections:StallTimeout", "00:00:02")],
            kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var bystander = await RawPeer.OpenAsync(host.Port, "grace");
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 16 * 1024);
        using var ended = new CancellationTokenSource();
        var storming = Task.Run(() => StormAsync(client, ended.Token));

        await Eventually.BecomesTrueAsync(() => host.EndReasonsOf("ada").Length > 0, "the connection of ada ends");

        Assert.That(host.EndReasonsOf("ada"), Is.EqualTo(new[] { "ping_flood" }));
        await ended.CancelAsync();
        var close = await client.ReadCloseAsync();
        Assert.That((close.CloseStatus, close.CloseReason), Is.EqualTo(((int?)1008, "ping_flood")), "once it reads it hears why");
        await storming;
        await using var emitter = await host.EmitterOfAsync("grace");
        await emitter.AgentStartedAsync("demo");
        Assert.That((await bystander.ReadFrameAsync())!.PayloadText, Does.Contain("agent_started"));
        host.AssertNoErrors();
    }

    // Measured before: 4 of 40 were cut, though all of them read.
    [Test]
    public async Task Pings_OfPeersThatRead_CutNobody([Values] bool fastDoor)
    {
        const int Peers = 40;
        const int Pings = 2000;
        await using var host = await PipelineHost.StartAsync(
            settings: [HostLogs.NoPings, HostLogs.Debug], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await Task.WhenAll(Enumerable.Range(0, Peers).Select(async peer =>
        {
            await using var client = await RawPeer.OpenAsync(host.Port, $"ada-{peer}", receiveBuffer: 16 * 1024);
            byte[] storm = [.. Enumerable.Range(0, Pings).SelectMany(static _ => RawFrame.Encode(RawFrame.Ping, new byte[125]))];
            var sending = client.SendAsync(storm);
            for (var pongs = 0; pongs < Pings; pongs++)
            {
                Assert.That((await client.ReadFrameAsync())!.Opcode, Is.EqualTo(RawFrame.Pong));
            }

            await sending;
            Assert.That(host.EndReasonsOf($"ada-{peer}"), Is.Empty);
        }));
        host.AssertNoErrors();
    }

    [Test]
    public async Task Pings_AfterTheServersGoodbye_AreNotAnswered()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await RawPeer.OpenAsync(host.Port, "ada");
        await client.SendAsync(RawFrame.Encode("no JSON"));
        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(4400));

        await client.SendFrameAsync(RawFrame.Ping, "late"u8.ToArray());
        await client.SendFrameAsync(RawFrame.Close, Array.Empty<byte>());

        Assert.That(await client.ReadToEndAsync(), Is.Zero);
    }

    // Until the server takes no more, or nobody wants it.
    private static async Task StormAsync(RawPeer client, CancellationToken ended)
    {
        byte[] storm = [.. Enumerable.Range(0, 500).SelectMany(static _ => RawFrame.Encode(RawFrame.Ping, new byte[125]))];
        try
        {
            while (!ended.IsCancellationRequested)
            {
                await client.Stream.WriteAsync(storm, ended);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
        }
    }

    private static async Task EmitAsync(EventEmitter emitter)
    {
        await emitter.AgentStartedAsync("demo");
        for (var i = 2; i <= Events; i++)
        {
            await emitter.TokenAsync(new string((char)('a' + (i % 26)), i % 700));
            if (i % 400 == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }
    }

    private static async Task<List<string>> PingAsync(RawPeer client)
    {
        await Task.Yield();
        var random = new Random(7);
        var payloads = new List<string>();
        for (var i = 0; i < Asked; i++)
        {
            var payload = random.Next(3) == 0 ? string.Empty : $"{i}" + new string('p', random.Next(100));
            payloads.Add(payload);
            await client.SendFrameAsync(RawFrame.Ping, Encoding.ASCII.GetBytes(payload));
        }

        return payloads;
    }
}
