using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec C3: what has no number has a lane of its own.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ControlLaneTests
{
    private static readonly (string Key, string Value)[] Settings =
    [
        ("Netra:Connections:QueueFrames", "64"),
        ("Netra:Connections:ControlMessages", "8"),
        ("Netra:Connections:SendBufferBytes", "16384"),
    ];

    [Test]
    public async Task Control_QueueFullOfTokens_OvertakesThem()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        var last = await FillAsync(emitter);
        await connection.WhenParkedAsync();
        var queued = connection.Queue.Count;
        Assert.That(queued, Is.GreaterThan(16));
        var checking = host.Connections.CheckConnectionHealthAsync(client.Welcome.ConnectionId);
        host.Connections.TellUser("ada", new ErrorMessage("emergency", "now", "critical", 1.5));

        var order = new List<string>();
        while (order.Count == 0 || order[^1] != $"{last}")
        {
            order.Add(await client.ReadAsync() switch
            {
                EventMessage numbered => $"{numbered.Seq}",
                PingMessage => "ping",
                ErrorMessage { Code: "emergency" } => "error",
                _ => "other",
            });
        }

        Assert.That(order.IndexOf("error"), Is.EqualTo(order.IndexOf("ping") + 1));
        Assert.That(order.Count - order.IndexOf("error"), Is.GreaterThan(queued), "all that waited in the queue came after it");
        await client.SendAsync("""{"type":"pong"}""");
        await checking.WaitAsync(TestClient.Patience);
    }

    [Test]
    public async Task Errors_FarMoreThanTheLaneHolds_EndNobodyAndComeWithTheirNumber()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        var last = await FillAsync(emitter);
        await connection.WhenParkedAsync();

        for (var i = 0; i < 3000; i++)
        {
            host.Connections.TellUser("ada", new ErrorMessage("log_full", $"{i}", "error", 1.5, "t1", $"r{i}"));
        }

        var failures = 0L;
        var messages = 0;
        EventMessage? read = null;
        while (read?.Seq != last)
        {
            switch (await client.ReadAsync())
            {
                case ErrorMessage error:
                    messages++;
                    failures += error.Numbers?["count"] ?? 1;
                    break;
                case EventMessage numbered:
                    read = numbered;
                    break;
                default:
                    break;
            }
        }

        Assert.That(failures, Is.EqualTo(3000));
        Assert.That(messages, Is.LessThanOrEqualTo(Netra.Pipeline.Streams.ErrorLane.Capacity + 1));
        Assert.That(connection.IsEnded, Is.False);
    }

    [Test]
    public async Task Pings_FarMoreThanTheLaneHolds_EndNobody()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        await FillAsync(emitter);
        await connection.WhenParkedAsync();

        var checks = Enumerable.Range(0, 100)
            .Select(_ => host.Connections.CheckConnectionHealthAsync(client.Welcome.ConnectionId))
            .ToArray();

        await client.ReadAsync<PingMessage>();
        await client.SendAsync("""{"type":"pong"}""");
        var reports = await Task.WhenAll(checks).WaitAsync(TestClient.Patience);
        Assert.That(reports.Select(static report => report.EndReason), Has.All.Null);
    }

    [Test]
    public async Task Answers_ToAPeerThatAsksMoreThanItReads_PushItBackAndAllCome()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        var asking = Task.Run(async () =>
        {
            for (var i = 0; i < 3000; i++)
            {
                await client.SendAsync($$"""{"type":"from_the_future","x":{{i}}}""");
            }
        });

        // It reads nothing until it has asked a lot.
        await Task.WhenAny(asking, Eventually.BecomesTrueAsync(() => connection.IsFlushPending, "the client's buffers were full"));
        for (var i = 0; i < 3000; i++)
        {
            Assert.That((await client.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("unknown_message"));
        }

        await asking;
        Assert.That(connection.IsEnded, Is.False);
    }

    [Test]
    public async Task Answers_ToPostsOfAPageThatReadsNothing_EndItsStream()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await EventStreamClient.OpenAsync(host, "ada", receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await FillAsync(emitter, other);
        await connection.WhenParkedAsync();

        for (var i = 0; i < 20 && !connection.IsEnded; i++)
        {
            await page.PostAsync("messages", """{"type":"from_the_future"}""");
        }

        Assert.That(
            (connection.IsEnded, connection.EndReason), Is.EqualTo((true, ConnectionEndReason.ControlOverflow)));
        Assert.That(other.Socket.State, Is.EqualTo(System.Net.WebSockets.WebSocketState.Open));
    }

    private static async Task<long> FillAsync(EventEmitter emitter, TestClient? reading = null)
    {
        var large = new string('x', 4 * 1024);
        var receipt = await emitter.TokenAsync(large);
        while (receipt.Status != EventStatus.Lagging)
        {
            Assert.That(receipt.Seq, Is.LessThan(10_000));
            if (reading is not null)
            {
                await reading.ReadAsync<EventMessage>();
            }

            receipt = await emitter.TokenAsync(large);
        }

        return receipt.Seq!.Value;
    }
}
