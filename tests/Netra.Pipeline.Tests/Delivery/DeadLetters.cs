using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Makes dead letters without waiting for all tries.</summary>
internal static class DeadLetters
{
    public static async Task MakeAsync(PipelineHost host, string userId, int count)
    {
        await using var client = await TestClient.ConnectAsync(host.SocketAddress(userId));
        await using var emitter = await host.EmitterOfAsync(userId);
        for (var i = 0; i < count; i++)
        {
            await emitter.AgentThinkingAsync($"thought {i}");
        }

        await client.ReadEventsAsync(count);
        Assert.That(host.Streams.TryGetLoaded(userId, out var stream), Is.True);
        var subscription = host.ConnectionOf(client.Welcome.ConnectionId).Subscription;
        await Eventually.BecomesTrueAsync(() => subscription.LastTold >= count, "the events were written");
        var letters = await stream!.Criticals.MakeDeadLettersAsync(new SeqRange(1, long.MaxValue), attempts: 4, CancellationToken.None);
        Assert.That(letters, Has.Count.EqualTo(count));
    }
}
