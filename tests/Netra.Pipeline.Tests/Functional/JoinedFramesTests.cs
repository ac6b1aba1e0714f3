using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Joined frames over real sockets, for who asked for them (docs/protocol.md, section 3.3).</summary>
[TestFixture(false)]
[TestFixture(true)]
[Parallelizable(ParallelScope.All)]
internal sealed class JoinedFramesTests(bool overEventStream)
{
    private static readonly EmitterOptions Report = new() { Overflow = OverflowBehavior.Report };

    private static readonly (string Key, string Value)[] SmallBuffers =
        [("Netra:Connections:QueueFrames", "64"), ("Netra:Connections:SendBufferBytes", "16384"), ("Netra:Streams:WindowEvents", "16")];

    [TestCase(KindOfLog.Memory)]
    [TestCase(KindOfLog.Sqlite)]
    public async Task Replay_TextOfOneRun_IsOneFrameForWhoAskedAndManyForOthers(KindOfLog log)
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "16")], log: log);
        await using var emitter = await host.EmitterOfAsync("ada");
        var last = default(EventReceipt);
        for (var i = 1; i <= 1200; i++)
        {
            last = await emitter.TokenAsync($"\"{i}\" ä\n");
        }

        // What is not stored yet is read from the window, and meanwhile moves on.
        await last.WhenStoredAsync();

        await using var page = await OpenAsync(host, "&seq=0&join=1");
        await using var other = await OpenAsync(host, "&seq=0&join=0");
        var (joined, single) = (await page.ReadToAsync(1200), await other.ReadToAsync(1200));

        Assert.That((joined.Frames[^1].Seq, joined.Frames[0].FromSeq), Is.EqualTo((1200L, 1L)));
        Assert.That(joined.Frames, Has.Count.LessThanOrEqualTo(2), "what the log has, and what the window has");
        Assert.That(joined.Text, Is.EqualTo(single.Text));
        Assert.That(single.Frames.Select(static frame => frame.FromSeq), Is.All.Null.And.Exactly(1200).Items);
        Assert.That((joined.Frames[^1].Id, joined.Frames[^1].Timestamp), Is.EqualTo((single.Frames[^1].Id, single.Frames[^1].Timestamp)));
    }

    [Test]
    public async Task Replay_TwoRunsAndOtherEventsBetween_JoinsWhatIsAdjacent()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var one = await host.EmitterOfAsync("ada");
        await using var two = await host.EmitterOfAsync("ada", runId: "r2");
        using var http = host.CreateClient();
        await one.TokenAsync("a");
        await one.TokenAsync("b");
        await two.TokenAsync("c");
        await one.TokenAsync("d");
        await one.CustomAsync("delta", "e");
        await http.PublishAsync(PublishExtensions.EventJson("thinking_delta", """{ "thought_id": "k", "delta": "f" }"""));
        await http.PublishAsync(PublishExtensions.EventJson("thinking_delta", """{ "thought_id": "k", "delta": "g" }"""));
        await http.PublishAsync(PublishExtensions.EventJson("thinking_delta", """{ "thought_id": "l", "delta": "h" }"""));
        await http.PublishAsync(PublishExtensions.EventJson("token", """{ "delta": "i", "more": 1 }"""));
        await http.PublishAsync(PublishExtensions.EventJson("token", """{ "delta": "j" }"""));
        await http.PublishAsync(PublishExtensions.EventJson("token", """{ "delta": "\u006b" }"""));

        await using var page = await OpenAsync(host, "&seq=0&join=1");
        var (frames, text) = await page.ReadToAsync(11);

        Assert.That(text, Is.EqualTo("abcd[delta]fghijk"));
        Assert.That(
            frames.Select(static frame => (frame.FromSeq ?? frame.Seq, frame.Seq)),
            Is.EqualTo(new[] { (1L, 2L), (3L, 3L), (4L, 4L), (5L, 5L), (6L, 7L), (8L, 8L), (9L, 9L), (10L, 11L) }));
        Assert.That(frames.Select(static frame => frame.TraceParent), Is.All.Null.Or.Not.EqualTo(string.Empty));
    }

    [Test]
    public async Task Connection_ThatLags_IsCaughtUpInFewFramesAndWhatWaitsIsJoined()
    {
        await using var host = await PipelineHost.StartAsync(settings: SmallBuffers);
        await using var page = await OpenAsync(host, "&join=1", small: true);
        await using var emitter = await host.EmitterOfAsync("ada", options: Report);
        var head = await StallAsync(host, page, emitter);
        while ((await emitter.TokenAsync($"{++head} ")).Status != EventStatus.Lagging)
        {
        }

        for (var i = 0; i < 300; i++)
        {
            await emitter.TokenAsync($"{++head} ");
        }

        var (frames, text) = await page.ReadToAsync(head);

        Assert.That(text, Does.EndWith(string.Concat(Enumerable.Range((int)head - 350, 351).Select(static seq => $"{seq} "))));
        Assert.That(page.Gaps.Select(static gap => (gap.Cause, gap.Replay)), Is.EqualTo(new[] { (GapCause.Overflow, true) }));
        var gap = page.Gaps.Single();
        Assert.That(frames, Has.None.Matches<EventMessage>(frame => frame.FromSeq < gap.From && frame.Seq >= gap.From), "across the gap");
        Assert.That(
            frames,
            Has.Some.Matches<EventMessage>(frame => frame.Seq == gap.From - 1 && frame.Seq - frame.FromSeq > 30),
            "what waited in the queue");
        Assert.That(
            frames, Has.Some.Matches<EventMessage>(frame => frame.FromSeq == gap.From && frame.Seq - frame.FromSeq > 200), "what was read");
    }

    [Test]
    public async Task Acknowledge_InsideARange_ResumesInsideIt()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 1; i <= 50; i++)
        {
            await emitter.TokenAsync($"{i} ");
        }

        string epoch;
        await using (var page = await OpenAsync(host, "&seq=0&join=1"))
        {
            var (frames, _) = await page.ReadToAsync(50);
            Assert.That((frames.Single().FromSeq, frames[0].Seq), Is.EqualTo((1L, 50L)));
            await page.SendAsync(ClientMessageWriter.Ack(20));
            await AcknowledgedAsync(host, 20);
            epoch = page.Welcome.Epoch;
        }

        await using var again = await OpenAsync(host, $"&seq=20&from=0&epoch={epoch}&join=1");
        var (rest, text) = await again.ReadToAsync(50);

        Assert.That((rest.Single().FromSeq, rest[0].Seq), Is.EqualTo((21L, 50L)));
        Assert.That(text, Does.StartWith("21 22"));
        await again.SendAsync(ClientMessageWriter.Ack(49));
        await AcknowledgedAsync(host, 49);
    }

    [Test]
    public async Task Redelivery_OfARange_IsSingleFrames()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 1; i <= 60; i++)
        {
            await emitter.TokenAsync("x");
        }

        await using var page = await OpenAsync(host, "&seq=0&join=1");
        await page.ReadToAsync(60);
        await page.SendAsync(ClientMessageWriter.Replay(new ReplayMessage(5, 58)));
        for (var seq = 5; seq <= 58; seq++)
        {
            var again = await page.ReadEventAsync();
            Assert.That((again.Seq, again.FromSeq, again.Redelivery), Is.EqualTo(((long)seq, (long?)null, (int?)1)));
        }
    }

    [Test]
    public async Task Replay_ExpiredRange_IsAGapAndTheRestJoined()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "16")]);
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            for (var i = 0; i < 40; i++)
            {
                await emitter.TokenAsync("x");
            }
        }

        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        await using var later = await host.EmitterOfAsync("ada");
        await later.TokenAsync("y");
        await later.TokenAsync("z");
        await using var probe = await OpenAsync(host, string.Empty);
        await using var page = await OpenAsync(host, $"&seq=3&epoch={probe.Welcome.Epoch}&join=1");
        var (frames, text) = await page.ReadToAsync(42);

        var gap = page.Gaps.Single();
        Assert.That((gap.From, gap.Cause, gap.Replay), Is.EqualTo((4L, GapCause.Expired, false)));
        Assert.That((frames.Single().FromSeq, text[^2..]), Is.EqualTo(((long?)gap.To + 1, "yz")));
    }

    [Test]
    public async Task Run_Joined_CountsAllOfItsEvents()
    {
        await using var host = await PipelineHost.StartAsync();
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            await emitter.AgentStartedAsync("writer");
            for (var i = 0; i < 30; i++)
            {
                await emitter.TokenAsync("x");
            }

            await emitter.AgentCompletedAsync("writer");
        }

        await using var page = await OpenAsync(host, "&seq=0&join=1");
        var (frames, _) = await page.ReadToAsync(32);

        Assert.That(frames.Select(static frame => frame.Seq), Is.EqualTo(new[] { 1L, 31L, 32L }));
        Assert.That(frames[^1].Run, Is.EqualTo(new RunSummary(32, 1, 32)));
        await page.SendAsync(ClientMessageWriter.Ack(32));
        await AcknowledgedAsync(host, 32);
        Assert.That((await host.Services.GetRequiredService<Ledger>().ReadAsync("ada"))!.Account.Unaccounted, Is.Zero);
    }

    [Test]
    public async Task Window_LiveText_WaitsForItAndForNothingElse()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:TokenWindow", "00:00:00.200")], time: time);
        await using var page = await OpenAsync(host, "&join=1");
        await using var other = await OpenAsync(host, string.Empty);
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 1; i <= 3; i++)
        {
            await emitter.TokenAsync($"{i} ");
            Assert.That((await other.ReadEventAsync()).Seq, Is.EqualTo(i), "nobody else waits");
        }

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await Eventually.BecomesTrueAsync(() => connection.Queue.Count == 0, "the page's writer has it");
        Assert.That(connection.Subscription.LastWritten, Is.Zero);
        await PassAsync(3);
        var first = await page.ReadEventAsync();
        Assert.That((first.FromSeq, first.Seq), Is.EqualTo(((long?)1, 3L)));

        await emitter.TokenAsync("4 ");
        await emitter.TokenAsync("5 ");
        await emitter.AgentThinkingAsync("hm");
        var (frames, _) = await page.ReadToAsync(6);
        Assert.That(frames.Select(static frame => (frame.FromSeq ?? frame.Seq, frame.Seq)), Is.EqualTo(new[] { (4L, 5L), (6L, 6L) }));

        // That window ends with nothing that waits, and shortens none.
        time.Advance(TimeSpan.FromMilliseconds(200));
        await emitter.TokenAsync("7 ");
        Assert.That((await other.ReadEventAsync()).Seq, Is.EqualTo(4));
        while ((await other.ReadEventAsync()).Seq < 7)
        {
            // What the other one has still to read.
        }

        await Eventually.BecomesTrueAsync(() => connection.Queue.Count == 0, "the page's writer has it");
        Assert.That(connection.Subscription.LastWritten, Is.EqualTo(6));
        await PassAsync(7);
        Assert.That((await page.ReadEventAsync()).Seq, Is.EqualTo(7));

        // The writer may be about to begin the window.
        Task PassAsync(long written) => Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(200));
                return connection.Subscription.LastWritten == written;
            },
            "the window was over");
    }

    [TestCase("&join=")]
    [TestCase("&join=2")]
    [TestCase("&join=true")]
    [TestCase("&join=1&join=1")]
    public async Task Open_WrongValue_IsRefused(string query)
    {
        await using var host = await PipelineHost.StartAsync();
        var path = overEventStream ? "/v1/stream" : "/ws";
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?user_id=ada{query}");
        if (!overEventStream)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("'join' must be 0 or 1"));
    }

    // Large pieces, until the page's buffers are full and its writer waits.
    private static async Task<long> StallAsync(PipelineHost host, Page page, EventEmitter emitter)
    {
        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        var large = new string('x', 8 * 1024);
        var head = 0L;
        while (!connection.IsFlushPending || connection.Queue.Count == 0)
        {
            await emitter.TokenAsync(large);
            head++;
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (connection.IsFlushPending && connection.Queue.Count > 0)
            {
                // It may be so for a moment only.
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }

        return head;
    }

    private static async Task AcknowledgedAsync(PipelineHost host, long count)
    {
        var ledger = host.Services.GetRequiredService<Ledger>();
        await Eventually.BecomesTrueAsync(
            async () => (await ledger.ReadAsync("ada"))!.Account.Acknowledged == count, $"{count} events are acknowledged");
    }

    private async Task<Page> OpenAsync(PipelineHost host, string more, bool small = false)
    {
        if (overEventStream)
        {
            var stream = await EventStreamClient.OpenAsync(host, "ada", more, receiveBuffer: small ? 4096 : null);
            return new Page(
                stream, stream.Welcome, stream.ReadAsync, message => stream.TellAsync("messages", Encoding.UTF8.GetString(message)));
        }

        var invoker = small ? SmallReceiveBuffer.Invoker() : null;
        var socket = await TestClient.ConnectAsync(host.SocketAddress("ada", more), invoker: invoker);
        return new Page(socket, socket.Welcome, socket.ReadAsync, message => socket.SendAsync(message));
    }

    private sealed class Page(
        IAsyncDisposable client, WelcomeMessage welcome, Func<Task<ServerMessage>> read, Func<byte[], Task> send) : IAsyncDisposable
    {
        public WelcomeMessage Welcome => welcome;

        public List<GapMessage> Gaps { get; } = [];

        public Task SendAsync(byte[] message) => send(message);

        public async Task<EventMessage> ReadEventAsync()
        {
            while (true)
            {
                switch (await read())
                {
                    case EventMessage numbered:
                        return numbered;
                    case GapMessage gap:
                        Gaps.Add(gap);
                        break;
                }
            }
        }

        /// <summary>Reads up to a number, and checks that none is missing or doubled.</summary>
        public async Task<(List<EventMessage> Frames, string Text)> ReadToAsync(long seq)
        {
            var (frames, text) = (new List<EventMessage>(), string.Empty);
            while (frames.Count == 0 || frames[^1].Seq < seq)
            {
                var frame = await ReadEventAsync();
                if (frames.Count > 0)
                {
                    Assert.That(frame.FromSeq ?? frame.Seq, Is.EqualTo(frames[^1].Seq + 1));
                }

                frames.Add(frame);
                text += TextOf(frame.Data);
            }

            return (frames, text);
        }

        public ValueTask DisposeAsync() => client.DisposeAsync();

        private static string? TextOf(JsonElement data)
            => data.TryGetProperty("delta", out var delta) ? delta.GetString()
                : data.TryGetProperty("name", out var name) ? $"[{name}]"
                : null;
    }
}
