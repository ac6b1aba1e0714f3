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

    [Test]
    public async Task Pings_DuringBurstsAndStalls_CorruptNothing([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SideBufferBytes", "1048576"), ("Netra:Connections:QueueFrames", "256"), HostLogs.NoPings], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 16 * 1024);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Wait });
        var emitting = EmitAsync(emitter);
        var pinging = PingAsync(client);

        var (pongs, next, frames) = (new List<string>(), 1L, 0);
        while (next <= Events || pongs.Count < await CountOf(pinging))
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
    public async Task Pings_OfAPeerThatNeverReads_EndAsPingFlood([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(settings: [HostLogs.NoPings], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var bystander = await RawPeer.OpenAsync(host.Port, "grace");
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 16 * 1024);
        byte[] storm = [.. Enumerable.Range(0, 500).SelectMany(static _ => RawFrame.Encode(RawFrame.Ping, new byte[125]))];
        using var ended = new CancellationTokenSource();
        var storming = Task.Run(async () =>
        {
            // Until the server takes no more.
            while (!ended.IsCancellationRequested && await client.TrySendAsync(storm))
            {
            }
        });

        Assert.That(await host.EndReasonOfAsync("ada"), Is.EqualTo("ping_flood"));

        await ended.CancelAsync();

        // Once it reads it may find the goodbye (1008), or a reset: TCP drops what is on its way to a peer whose own bytes nobody reads any more.
        await client.ReadToEndAsync();
        await storming;
        await using var emitter = await host.EmitterOfAsync("grace");
        await emitter.AgentStartedAsync("demo");
        Assert.That((await bystander.ReadFrameAsync())!.PayloadText, Does.Contain("agent_started"));
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
        for (var i = 0; i < 1000; i++)
        {
            var payload = random.Next(3) == 0 ? string.Empty : $"{i}" + new string('p', random.Next(100));
            payloads.Add(payload);
            await client.SendFrameAsync(RawFrame.Ping, Encoding.ASCII.GetBytes(payload));
        }

        return payloads;
    }

    private static async ValueTask<int> CountOf(Task<List<string>> pinging) => pinging.IsCompleted ? (await pinging).Count : int.MaxValue;
}
