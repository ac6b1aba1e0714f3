using Netra.Pipeline.Emission;
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
        await Eventually.BecomesTrueAsync(() => connection.IsFlushPending, "the client's buffers were full");
        var queued = connection.Queue.Count;
        Assert.That(queued, Is.GreaterThan(16));
        var checking = host.Connections.CheckConnectionHealthAsync(client.Welcome.ConnectionId);
        host.Connections.SendToUser("ada", ServerMessageWriter.Error(new ErrorMessage("emergency", "now", "critical", 1.5)));

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
    public async Task Control_MoreThanTheLaneHolds_EndsTheConnection()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        using var invoker = SmallReceiveBuffer.Invoker();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"), invoker: invoker);
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("bob"));
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var connection = host.ConnectionOf(client.Welcome.ConnectionId);
        await FillAsync(emitter);
        await Eventually.BecomesTrueAsync(() => connection.IsFlushPending, "the client's buffers were full");

        for (var i = 0; i < 10; i++)
        {
            host.Connections.SendToUser("ada", ServerMessageWriter.Error(new ErrorMessage("emergency", $"{i}", "critical", 1.5)));
        }

        var (status, reason) = await client.ReadToEndAsync();
        Assert.That(((int?)status, reason), Is.EqualTo((1013, "control_overflow")));
        Assert.That(other.Socket.State, Is.EqualTo(System.Net.WebSockets.WebSocketState.Open));
    }

    private static async Task<long> FillAsync(EventEmitter emitter)
    {
        var large = new string('x', 4 * 1024);
        var receipt = await emitter.TokenAsync(large);
        while (receipt.Status != EventStatus.Lagging)
        {
            Assert.That(receipt.Seq, Is.LessThan(10_000));
            receipt = await emitter.TokenAsync(large);
        }

        return receipt.Seq;
    }
}
