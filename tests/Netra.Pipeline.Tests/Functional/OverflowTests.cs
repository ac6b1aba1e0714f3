using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec C2 and F4: a full queue is raised, kills nothing, and loses nothing; an oversize event fails alone.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OverflowTests
{
    private static readonly string Large = new('x', 8 * 1024);

    private static readonly (string Key, string Value)[] SmallQueues =
    [
        ("Netra:Connections:QueueFrames", "16"),
        ("Netra:Connections:SendBufferBytes", "16384"),
    ];

    [Test]
    public async Task Client_StopsReading_RaisesOnceDelaysNobodyAndCatchesUpInOrder()
    {
        await using var host = await PipelineHost.StartAsync(settings: SmallQueues);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var tab = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("bob"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await using var others = await host.EmitterOfAsync("bob");

        // Each event is read by the other tab, and one of another user by them, before the next is emitted: whoever had to wait
        // for the stalled one would show here.
        var raised = new List<BufferOverflowException>();
        var head = 0L;
        for (var after = 0; after < 40; after += raised.Count)
        {
            try
            {
                var receipt = await emitter.TokenAsync(Large);
                Assert.That(receipt.Status, Is.EqualTo(raised.Count == 0 ? EventStatus.Queued : EventStatus.Lagging));
            }
            catch (BufferOverflowException exception)
            {
                raised.Add(exception);
                Assert.That(exception.Seq, Is.EqualTo(head + 1));
            }

            head++;
            Assert.That((await tab.ReadAsync<EventMessage>()).Seq, Is.EqualTo(head));
            await others.TokenAsync("hello");
            Assert.That((await other.ReadAsync<EventMessage>()).Seq, Is.EqualTo(head));
        }

        var overflow = raised.Single();
        Assert.That((overflow.Accepted, overflow.Code), Is.EqualTo((true, FailureCode.BufferOverflow)));
        var full = overflow.Connections.Single();
        Assert.That((full.ConnectionId, full.QueuedFrames, full.FrameLimit), Is.EqualTo((stalled.Welcome.ConnectionId, 16, 16)));
        Assert.That(overflow.Message, Does.Contain(stalled.Welcome.ConnectionId).And.Contain("16").And.Contain($"number {overflow.Seq}"));
        Assert.That(host.Failures.Latest(100).Count(static f => f.Code == FailureCode.BufferOverflow), Is.EqualTo(1));

        var seqs = new List<long>();
        var gaps = new List<GapMessage>();
        while (seqs.Count < head)
        {
            switch (await stalled.ReadAsync())
            {
                case EventMessage numbered:
                    seqs.Add(numbered.Seq);
                    break;
                case GapMessage gap:
                    Assert.That(gap.From, Is.EqualTo(seqs.Count + 1), "in order with the events");
                    gaps.Add(gap);
                    break;
            }
        }

        Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, (int)head).Select(static i => (long)i)));
        Assert.That(gaps.Single(), Is.EqualTo(new GapMessage(overflow.Seq!.Value, head, GapCause.Overflow, Replay: true, Certain: true)));
        Assert.That((await emitter.TokenAsync("live again")).Status, Is.EqualTo(EventStatus.Queued));
        Assert.That((await stalled.ReadAsync<EventMessage>()).Seq, Is.EqualTo(head + 1));
    }

    [Test]
    public async Task Overflow_OtherTabOfTheUser_IsShownNothing()
    {
        await using var host = await PipelineHost.StartAsync(settings: SmallQueues);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var tab = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada", "thread", "run");
        await OverflowAsync(emitter, tab);
        await emitter.CustomAsync("last", value: null);

        // Nobody is missing anything: the stalled tab gets a gap, and the events after it.
        ServerMessage message;
        do
        {
            message = await tab.ReadAsync();
            Assert.That(message, Is.Not.InstanceOf<ErrorMessage>());
        }
        while (message is not EventMessage { EventType: EventType.Custom });
    }

    [Test]
    public async Task AgentAndTool_OverflowInTheMiddle_GoOnToTheEnd()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.AddAgent<WordyAgent>().AddTool<EchoTool>(), SmallQueues);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);

        var answer = await host.Runner.RunAsync("wordy", "go", host.Contexts.Create("ada", "t", "r"));

        Assert.That(answer, Has.Length.EqualTo(100 * Large.Length));
        Assert.That(host.Failures.Latest(100).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.BufferOverflow }));
        var events = await stalled.ReadEventsAsync(WordyAgent.Events);
        Assert.That(events.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, WordyAgent.Events).Select(static i => (long)i)));
        Assert.That(events.Select(static e => e.EventType).Where(static t => t != EventType.Token), Is.EqualTo(new EventType?[]
        {
            EventType.AgentStarted, EventType.ToolExecuting, EventType.ToolCompleted, EventType.AgentCompleted,
        }));
    }

    [Test]
    public async Task Emit_OversizeEvent_FailsAloneAndNamesSizeAndLimit()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:MaxEventBytes", "4096")]);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("before");

        var raised = Assert.ThrowsAsync<BufferOverflowException>(async () => await emitter.TokenAsync(new string('y', 5000)))!;

        Assert.That((raised.Code, raised.Accepted, raised.Limit), Is.EqualTo((FailureCode.EventTooLarge, false, (long?)4096)));
        Assert.That(raised.Size, Is.InRange(5000, 5300));
        Assert.That(raised.Message, Does.Contain($"{raised.Size}").And.Contain("4096"));
        Assert.That((await emitter.TokenAsync("after")).Seq, Is.EqualTo(2));
        Assert.That((await client.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
        Assert.That((await client.ReadEventsAsync(1)).Single().Seq, Is.EqualTo(2));
    }

    [Test]
    public async Task Wait_QueueFull_CompletesWhenTheClientReads()
    {
        await using var host = await PipelineHost.StartAsync(settings: SmallQueues);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync(
            "ada", options: new EmitterOptions { Overflow = OverflowBehavior.Wait, WaitTimeout = TimeSpan.FromMinutes(1) });

        var (count, waiting) = (0L, Task.CompletedTask);
        while (waiting.IsCompleted)
        {
            Assert.That(count, Is.LessThan(10_000));
            waiting = emitter.TokenAsync(Large).AsTask();
            count++;
        }

        Assert.That(
            (await stalled.ReadEventsAsync((int)count)).Select(static e => e.Seq),
            Is.EqualTo(Enumerable.Range(1, (int)count).Select(static i => (long)i)));
        await waiting.WaitAsync(TestClient.Patience);
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task Wait_NoRoomInTime_RaisesAndNumbersNothing()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: SmallQueues, time: time);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync(
            "ada", options: new EmitterOptions { Overflow = OverflowBehavior.Wait, WaitTimeout = TimeSpan.FromSeconds(3) });
        var (last, waiting) = await EmitUntilWaitingAsync(emitter, host.ConnectionOf(stalled.Welcome.ConnectionId));

        time.Advance(TimeSpan.FromSeconds(3));
        var raised = Assert.ThrowsAsync<BufferOverflowException>(async () => await waiting.WaitAsync(TestClient.Patience))!;

        Assert.That((raised.Code, raised.Accepted, raised.Seq), Is.EqualTo((FailureCode.OverflowTimeout, false, (long?)null)));
        Assert.That(raised.Connections.Single().ConnectionId, Is.EqualTo(stalled.Welcome.ConnectionId));
        await stalled.ReadEventsAsync((int)last);
        Assert.That((await emitter.TokenAsync("next")).Seq, Is.EqualTo(last + 1));
    }

    [Test]
    public async Task Wait_TheOnlyFullPageFreezes_IsNotWaitedForAnyLonger()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [.. SmallQueues, ("Netra:Connections:StallTimeout", "01:00:00")], time: time);
        await using var raw = await RawClient.ConnectAsync(host.SocketAddress("ada"), SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync(
            "ada", options: new EmitterOptions { Overflow = OverflowBehavior.Wait, WaitTimeout = TimeSpan.FromHours(1) });
        var connection = host.ConnectionOf(raw.Welcome.ConnectionId);
        var (_, waiting) = await EmitUntilWaitingAsync(emitter, connection);
        for (var i = 0; i < 30 && connection.State != Netra.Pipeline.Connections.ConnectionState.Frozen; i++)
        {
            Assert.That(waiting.IsCompleted, Is.False);

            // The browser is there; the page is not.
            await raw.SendFrameAsync(RawClient.Pong, ReadOnlyMemory<byte>.Empty);
            await host.HearsAsync(raw.Welcome.ConnectionId);
            await host.StepAsync(time, 1);
        }

        await waiting.WaitAsync(TestClient.Patience);
        Assert.That(connection.State, Is.EqualTo(Netra.Pipeline.Connections.ConnectionState.Frozen));
    }

    [Test]
    public async Task Report_QueueFull_ReturnsTheReceiptAndTellsTheFunnel()
    {
        await using var host = await PipelineHost.StartAsync(settings: SmallQueues);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var stalled = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });

        var receipt = await emitter.TokenAsync(Large);
        while (receipt.Status != EventStatus.Lagging)
        {
            Assert.That(receipt.Seq, Is.LessThan(10_000));
            receipt = await emitter.TokenAsync(Large);
        }

        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.Numbers["seq"]), Is.EqualTo((FailureCode.BufferOverflow, receipt.Seq)));
    }

    /// <returns>The last number given, and the emission that waits for room.</returns>
    private static async Task<(long Last, Task Waiting)> EmitUntilWaitingAsync(
        EventEmitter emitter, Netra.Pipeline.Connections.Connection connection)
    {
        var last = 0L;
        while (true)
        {
            var emitted = emitter.TokenAsync(Large).AsTask();

            // The queue may be full for a moment while the writer is on its way: only when nothing has moved for a while it is parked.
            for (var quiet = 0; quiet < 50 && !emitted.IsCompleted; quiet++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
                quiet = connection.IsFlushPending && connection.Queue.Count == 16 ? quiet : 0;
            }

            if (!emitted.IsCompleted)
            {
                return (last, emitted);
            }

            last = (await emitted).AssignedSeq;
        }
    }

    private static async Task<BufferOverflowException> OverflowAsync(EventEmitter emitter, TestClient reading)
    {
        for (var i = 0; i < 10_000; i++)
        {
            try
            {
                await emitter.TokenAsync(Large);
            }
            catch (BufferOverflowException exception)
            {
                return exception;
            }

            await reading.ReadAsync<EventMessage>();
        }

        throw new AssertionException("Nothing overflowed.");
    }

    private sealed class WordyAgent : IAgent
    {
        public const int Events = 2 + 100 + 2;

        public string Name => "wordy";

        public string Description => "Says much.";

        public IReadOnlyCollection<string> RequiredTools => ["echo"];

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var i = 0; i < 100; i++)
            {
                if (i == 90)
                {
                    await execution.Tools.CallToolAsync("echo", [], cancellationToken);
                }

                yield return Large;
            }
        }
    }

    private sealed class EchoTool : ITool
    {
        public string Name => "echo";

        public string Description => "Returns what it is given.";

        public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
            => ValueTask.FromResult<JsonNode?>("done");
    }
}
