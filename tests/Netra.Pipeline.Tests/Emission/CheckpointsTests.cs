using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Emission;

/// <summary>The five points of a lifecycle event's way, for whoever asks for them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CheckpointsTests
{
    [Test]
    public async Task LifecycleEvent_CategoryOn_IsFollowedToItsAcknowledgement()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.Services.AddLogging(static logging => logging.AddFilter(Checkpoints.Category, LogLevel.Debug)));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");

        var receipt = await emitter.AgentStartedAsync("demo");
        await emitter.TokenAsync("not followed");
        await page.ReadEventsAsync(2);
        await page.AckAsync(receipt.Seq!.Value + 1);

        await Eventually.BecomesTrueAsync(() => Lines(host).Count == 5, "all five points are said");
        Assert.That(Lines(host).Select(static line => line.EventId.Id), Is.EquivalentTo(new[]
        {
            EventIds.CheckpointAccepted,
            EventIds.CheckpointQueued,
            EventIds.CheckpointStored,
            EventIds.CheckpointWritten,
            EventIds.CheckpointAcknowledged,
        }));
        Assert.That(Lines(host).Select(static line => line.Values["EventId"]), Is.All.EqualTo(receipt.Id));
        Assert.That(Lines(host)[1].Values["Connections"], Is.EqualTo(1));
    }

    [Test]
    public async Task LifecycleEvent_NobodyConnected_IsSaidNotToHaveComeOn()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.Services.AddLogging(static logging => logging.AddFilter(Checkpoints.Category, LogLevel.Debug)),
            time: time);
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");

        time.Advance(TimeSpan.FromSeconds(31));

        await Eventually.BecomesTrueAsync(
            () => Lines(host).Count(static line => line.EventId.Id == EventIds.CheckpointNotReached) == 2,
            "neither written nor acknowledged");
    }

    private static List<CapturedLog> Lines(PipelineHost host)
        => [.. host.Logs.Logs.Where(static log => log.Category == Checkpoints.Category)];
}
