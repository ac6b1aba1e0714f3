using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Reconnecting and replay, over real sockets (docs/protocol.md, sections 2 and 4).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ResumeTests
{
    [Test]
    public async Task Resume_WhileLiveEventsGoOn_ContinuesWithoutSeam()
    {
        const long MostAhead = 20_000;
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "32")]);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        using var stop = new CancellationTokenSource();
        var (cursor, epoch) = (0L, string.Empty);
        var emitting = Task.Run(async () =>
        {
            var last = 0L;
            while (!stop.IsCancellationRequested)
            {
                last = (await emitter.TokenAsync("x")).AssignedSeq;
                await Task.Yield();
                while (last - Volatile.Read(ref cursor) > MostAhead && !stop.IsCancellationRequested)
                {
                    // What is kept has a limit, and the reader may be held up.
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                }
            }

            return last;
        });
        for (var visit = 0; visit < 10; visit++)
        {
            await using var client = await TestClient.ConnectAsync(
                host.SocketAddress("ada", visit == 0 ? "&seq=0" : $"&seq={cursor}&epoch={epoch}&from=0"));
            Assert.That((client.Welcome.Resumed, client.Welcome.From), Is.EqualTo((visit > 0, 0L)));
            epoch = client.Welcome.Epoch;
            foreach (var numbered in await client.ReadEventsAsync(200))
            {
                Assert.That((numbered.Seq, numbered.Redelivery), Is.EqualTo((++cursor, (int?)null)));
            }
        }

        await stop.CancelAsync();
        var head = await emitting;
        await using var last = await TestClient.ConnectAsync(host.SocketAddress("ada", $"&seq={cursor}&epoch={epoch}"));
        foreach (var numbered in await last.ReadEventsAsync((int)(head - cursor)))
        {
            Assert.That(numbered.Seq, Is.EqualTo(++cursor));
        }
    }

    [Test]
    public async Task Resume_UnknownEpochOrCursorAboveTheHead_BeginsAnew()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 5; i++)
        {
            await emitter.TokenAsync("x");
        }

        await using var probe = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        Assert.That((probe.Welcome.Resumed, probe.Welcome.Seq, probe.Welcome.From), Is.EqualTo((false, 5, 5)), "from now");
        foreach (var query in new[] { "&seq=3&epoch=another", $"&seq=6&epoch={probe.Welcome.Epoch}", "&seq=0" })
        {
            await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", query));
            Assert.That((client.Welcome.Resumed, client.Welcome.Seq, client.Welcome.From), Is.EqualTo((false, 5, 0)), query);
            Assert.That((await client.ReadEventsAsync(5)).Select(static e => e.Seq), Is.EqualTo(new long[] { 1, 2, 3, 4, 5 }), query);
        }

        await emitter.TokenAsync("live");
        Assert.That((await probe.ReadAsync<EventMessage>()).Seq, Is.EqualTo(6), "nothing is replayed to one that came without a cursor");
    }

    [Test]
    public async Task Resume_ExpiredRange_IsToldAndPassedOver()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "16")]);
        string epoch;
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            for (var i = 0; i < 40; i++)
            {
                await emitter.TokenAsync("x");
            }

            await using var probe = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            epoch = probe.Welcome.Epoch;
            await probe.CloseAsync();
        }

        var log = host.Services.GetRequiredService<IEventLog>();
        await log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);

        await using var later = await host.EmitterOfAsync("ada");
        await later.TokenAsync("kept");
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", $"&seq=10&epoch={epoch}"));
        Assert.That(client.Welcome.Resumed, Is.True);
        var gap = await client.ReadAsync<GapMessage>();
        var first = (await client.ReadAsync<EventMessage>()).Seq;

        // How far the window still reaches depends on whether the stream was evicted meanwhile; what is lost is said to be lost either way.
        Assert.That(gap, Is.EqualTo(new GapMessage(11, first - 1, GapCause.Expired, Replay: false, Certain: true)));
        await client.AckAsync(first - 1);
        await client.SendAsync(ClientMessageWriter.Pong(new PongMessage(first, null)));
        await later.TokenAsync("after");
        while ((await client.ReadAsync<EventMessage>()).Seq < 42)
        {
        }
    }

    [Test]
    public async Task Acknowledge_MoreThanWasEverSent_EndsTheConnection()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("one");
        await client.ReadAsync<EventMessage>();
        await client.AckAsync(1);

        await client.AckAsync(2);

        Assert.That(await EndAsync(client), Is.EqualTo((4400, "invalid_message")));
    }

    [Test]
    public async Task Replay_Range_IsSentAgainAndMarked()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "16")]);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 60; i++)
        {
            await emitter.TokenAsync("x");
        }

        await client.ReadEventsAsync(60);
        await client.SendAsync(ClientMessageWriter.Replay(new ReplayMessage(5, 58)));

        var again = await client.ReadEventsAsync(54);
        Assert.That(again.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(5, 54).Select(static i => (long)i)));
        Assert.That(again.Select(static e => e.Redelivery), Is.All.EqualTo(1));
        await emitter.TokenAsync("live");
        var live = await client.ReadAsync<EventMessage>();
        Assert.That((live.Seq, live.Redelivery), Is.EqualTo((61, (int?)null)));
    }

    [Test]
    public async Task Replay_AboveTheHead_EndsTheConnection()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await client.SendAsync(ClientMessageWriter.Replay(new ReplayMessage(1, 1)));

        Assert.That(await EndAsync(client), Is.EqualTo((4400, "invalid_message")));
    }

    [Test]
    public async Task Replay_TooManyWaiting_IsRejected()
    {
        await using var host = await PipelineHost.StartAsync(settings:
        [
            ("Netra:Connections:MaxReplayRequests", "2"),
            ("Netra:Connections:SendBufferBytes", "16384"),
            ("Netra:Connections:QueueFrames", "16"),
        ]);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var large = new string('x', 8 * 1024);
        while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
        {
        }

        // The writer waits for the client to read, so no request is served.
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        await connection.WhenParkedAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(ClientMessageWriter.Replay(new ReplayMessage((2 * i) + 1, (2 * i) + 1)));
        }

        var error = await client.ReadAsync<ErrorMessage>();
        error = error.Code == "buffer_overflow" ? await client.ReadAsync<ErrorMessage>() : error;
        Assert.That(error.Code, Is.EqualTo("message_rejected"));
    }

    private static async Task<(int? Status, string? Reason)> EndAsync(TestClient client)
    {
        var (status, reason) = await client.ReadToEndAsync();
        return ((int?)status, reason);
    }
}
