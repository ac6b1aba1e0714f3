using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Lets virtual time pass on a whole host, tick by tick.</summary>
internal static class TickingHost
{
    private static readonly string[] Guards = ["tick", "retries", "ledger", "audit", "windows"];

    /// <summary>Lets seconds pass; connections, unconfirmed events and books are looked after once in each, as in life.</summary>
    public static async Task StepAsync(this PipelineHost host, TestTimeProvider time, int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            await host.Services.WhenGuardsLookedAsync(() => time.Advance(ConnectionTick.Period));
        }
    }

    /// <summary>Completes when every loop that waits for nobody has done a round after a second has passed.</summary>
    public static async Task WhenGuardsLookedAsync(this IServiceProvider services, Action advance)
    {
        var rounds = services.GetRequiredService<BackgroundWatch>()
            .Loops.Where(static loop => Guards.Contains(loop.Loop))
            .Select(static loop => (Loop: loop, Before: loop.Rounds))
            .ToArray();
        advance();
        await Eventually.BecomesTrueAsync(
            () => Array.TrueForAll(rounds, static round => round.Loop.Rounds > round.Before), "the guards looked");
    }

    /// <summary>The connection of a client. Its welcome may have come a moment before the registry has it.</summary>
    public static Connection ConnectionOf(this PipelineHost host, string connectionId)
    {
        Connection? connection = null;
        return SpinWait.SpinUntil(() => host.Connections.TryGet(connectionId, out connection), TestClient.Patience)
            ? connection!
            : throw new AssertionException($"Connection {connectionId} is not open.");
    }

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
