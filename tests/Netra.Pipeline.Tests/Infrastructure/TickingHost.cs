using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Lets virtual time pass on a whole host, tick by tick.</summary>
internal static class TickingHost
{
    /// <summary>Lets seconds pass; connections and unconfirmed events are looked after once in each, as in life.</summary>
    public static async Task StepAsync(this PipelineHost host, TestTimeProvider time, int seconds)
    {
        var tick = host.Services.GetRequiredService<CriticalDelivery>();
        for (var i = 0; i < seconds; i++)
        {
            var before = tick.Rounds;
            time.Advance(ConnectionTick.Period);
            await Eventually.BecomesTrueAsync(() => tick.Rounds > before, "the tick came");
        }
    }

    /// <summary>The connection of a client.</summary>
    public static Connection ConnectionOf(this PipelineHost host, string connectionId)
        => host.Connections.TryGet(connectionId, out var connection) ? connection : throw new AssertionException($"Connection {connectionId} is not open.");

    /// <summary>Waits until something that a client sent at this moment has arrived.</summary>
    public static Task HearsAsync(this PipelineHost host, string connectionId)
    {
        var connection = host.ConnectionOf(connectionId);
        return Eventually.BecomesTrueAsync(() => connection.Silence == TimeSpan.Zero, "the server heard the client");
    }

    /// <summary>Answers the WebSocket ping that a client has been sent, as a browser does whose page answers nothing.</summary>
    public static async Task AnswersBrowserPingAsync(this PipelineHost host, TestTimeProvider time, RawClient client)
    {
        // So that silence tells whether the answer came.
        time.Advance(TimeSpan.FromMilliseconds(1));
        await client.SendFrameAsync(RawClient.Pong, await client.ReadFrameAsync(RawClient.Ping));
        await host.HearsAsync(client.Welcome.ConnectionId);
    }
}
