using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>A receipt tells where its event stands, and can be awaited up to a stage; over real sockets.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ReceiptTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Test]
    public async Task WhenAsync_EachStage_CompletesWhenTheEventIsThere()
    {
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var emitter = await host.EmitterOfAsync("ada");
        log.Hold();
        var receipt = await emitter.TokenAsync("x");
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Accepted));
        var stages = Enum.GetValues<DeliveryStage>().ToDictionary(static stage => stage, stage => receipt.WhenAsync(stage, Patience));
        Assert.That(stages[DeliveryStage.Accepted].IsCompletedSuccessfully, Is.True);
        Assert.That(stages[DeliveryStage.Stored].IsCompleted, Is.False);

        log.Release();
        await stages[DeliveryStage.Stored];
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Stored));
        Assert.That(stages[DeliveryStage.Queued].IsCompleted, Is.False, "nobody is connected");

        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        await stages[DeliveryStage.Queued];
        await stages[DeliveryStage.Written];
        Assert.That(stages[DeliveryStage.Acknowledged].IsCompleted, Is.False);

        await client.ReadEventsAsync(1);
        await client.AckAsync(1);
        await stages[DeliveryStage.Acknowledged];
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Acknowledged));
    }

    [Test]
    public async Task WhenAsync_NotInTime_SaysHowFarItCame()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.TokenAsync("x");

        var waiting = receipt.WhenAsync(DeliveryStage.Acknowledged, TimeSpan.FromSeconds(3));
        await host.StepAsync(time, seconds: 4);

        Assert.That(
            async () => await waiting, Throws.TypeOf<TimeoutException>().With.Message.Contains("Stored").And.Message.Contains(receipt.Id!));
    }

    [Test]
    public async Task WhenAsync_EventExpires_Fails()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.TokenAsync("x");
        var waiting = receipt.WhenAsync(DeliveryStage.Acknowledged, Patience);

        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);

        Assert.That(async () => await waiting, Throws.TypeOf<EventDroppedException>());
        Assert.That(async () => await receipt.WhenAsync(DeliveryStage.Acknowledged, Patience), Throws.TypeOf<EventDroppedException>());
    }

    [Test]
    public async Task WhenAsync_AnyDeviceAcknowledges_Completes()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await using var laptop = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var phone = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var receipt = await emitter.AgentThinkingAsync("hm");
        var waiting = receipt.WhenAsync(DeliveryStage.Acknowledged, Patience);

        await phone.ReadEventsAsync(1);
        await phone.AckAsync(receipt.Seq!.Value);

        await waiting;
    }
}
