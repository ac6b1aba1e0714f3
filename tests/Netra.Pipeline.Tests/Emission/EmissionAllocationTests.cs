using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Emission;

[NonParallelizable]
internal sealed class EmissionAllocationTests
{
    private const int Events = 20_000;

    // An array's header and rounding, and what ring, queue and log take when they grow, spread over the events.
    private const int Overhead = 200;

    [Test]
    public async Task Token_OneConnection_AllocatesItsOwnBufferAndLittleElse()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        var subscription = new StreamSubscription("c", new SendQueue(new ConnectionOptions().QueueLimits, static () => { }));
        stream.TryAttach(subscription, ResumeRequest.FromNow, static _ => []);
        var size = 0L;
        Emit(2_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Emit(Events);

        var perEvent = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Events;
        Assert.That(size, Is.GreaterThan(150), "it is a whole event");
        Assert.That(perEvent, Is.InRange(size, size + Overhead), $"the event itself has {size} bytes");
        stream.Detach(subscription);
        stream.Pins.Remove();

        void Emit(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var emitted = emitter.TokenAsync("some words ");
                if (!emitted.IsCompletedSuccessfully)
                {
                    throw new InvalidOperationException("An emission without waiting completes at once.");
                }

                while (subscription.Queue.TryDequeue(out var frame))
                {
                    size = frame.Buffer.Length;
                }
            }
        }
    }

    [Test]
    public async Task Telemetry_NobodyListens_AllocatesNothing()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.AgentStartedAsync("demo");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        var telemetry = host.Services.GetRequiredService<EmissionTelemetry>();
        var spans = host.Services.GetRequiredService<PipelineSpans>();
        var acknowledgements = host.Services.GetRequiredService<AcknowledgementSpans>();
        var outcome = new AppendOutcome(AppendKind.Accepted, receipt.AssignedSeq, Connected: 1, Lagging: 0, Overflowed: null);
        Tell();

        // The least of several: the runtime may allocate for itself.
        var least = long.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                Tell();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.That(least, Is.Zero);
        stream.Pins.Remove();

        void Tell()
        {
            telemetry.OnAccepted(EventType.Token, stream, receipt, outcome, emitter.Context);
            telemetry.OnAccepted(EventType.AgentThinking, stream, receipt, outcome, emitter.Context);
            telemetry.OnAccepted(EventType.AgentCompleted, stream, receipt, outcome, emitter.Context);
            spans.Send(EventType.AgentCompleted, emitter.Context);
            spans.InvokeAgent("demo", emitter.Context);
            spans.ExecuteTool(run: null, "calculate", "call-1", emitter.Context);
            acknowledgements.Settle(stream, 0, receipt.AssignedSeq);
        }
    }

    [Test]
    public async Task Token_ManyConnections_AreEncodedOnce()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        var subscriptions = Enumerable.Range(0, 10)
            .Select(static i => new StreamSubscription($"c{i}", new SendQueue(new ConnectionOptions().QueueLimits, static () => { })))
            .ToArray();
        foreach (var subscription in subscriptions)
        {
            stream.TryAttach(subscription, ResumeRequest.FromNow, static _ => []);
            subscription.Queue.TryDequeue(out _);
        }

        await emitter.TokenAsync("once");

        var buffers = subscriptions.Select(static s => s.Queue.TryDequeue(out var frame) ? frame.Buffer : []).ToArray();
        Assert.That(buffers.Distinct().Count(), Is.EqualTo(1));
        using var json = JsonDocument.Parse(buffers[0].AsMemory(OwnerTag.Length));
        Assert.That(json.RootElement.GetProperty("data").GetProperty("delta").GetString(), Is.EqualTo("once"));
        foreach (var subscription in subscriptions)
        {
            stream.Detach(subscription);
        }

        stream.Pins.Remove();
    }
}
