using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>What keeps an event from being numbered is raised, reported, and leaves no hole.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EmissionFailureTests
{
    [Test]
    public async Task Emit_LogFull_NumbersNothingAndGoesOnWithoutGap()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<ThrottledEventLog>());
        var log = LogOf(host);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("one");
        log.Answer = AppendResult.Full;

        var raised = Assert.ThrowsAsync<SendFailureException>(async () => await emitter.TokenAsync("two"))!;

        Assert.That((raised.Code, raised.Accepted, raised.Seq), Is.EqualTo((FailureCode.LogFull, false, (long?)null)));
        Assert.That(raised.Message, Does.Contain(log.Bound));
        log.Answer = AppendResult.Taken;
        Assert.That((await emitter.TokenAsync("three")).Seq, Is.EqualTo(2));
        Assert.That((await client.ReadEventsAsync(2)).Select(static e => e.Seq), Is.EqualTo(new long[] { 1, 2 }));
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.LogFull));
    }

    [Test]
    public async Task Emit_LogFailedOrThrows_IsTheSameFailure([Values] bool throws)
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<ThrottledEventLog>());
        var log = LogOf(host);
        await using var emitter = await host.EmitterOfAsync("ada");
        log.AppendFault = throws ? new IOException("disk on fire") : null;
        log.Answer = AppendResult.Failed;

        var raised = Assert.ThrowsAsync<SendFailureException>(async () => await emitter.TokenAsync("one"))!;

        Assert.That((raised.Code, raised.Accepted), Is.EqualTo((FailureCode.LogFailed, false)));
        Assert.That(
            raised.Message, Does.Contain("nothing was numbered").And.Not.Contain("disk on fire"), "what the log threw is for the operator");
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.LogFailed));
        (log.AppendFault, log.Answer) = (null, AppendResult.Taken);
        Assert.That((await emitter.TokenAsync("again")).Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task CreateEmitter_LogCannotOpenTheStream_IsAFailureAndWorksAgainLater([Values] bool cancelledByTheLog)
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<ThrottledEventLog>());
        var log = LogOf(host);
        log.OpenFault = cancelledByTheLog ? new OperationCanceledException("the log's own time-out") : new IOException("no disk");

        var raised = Assert.ThrowsAsync<SendFailureException>(async () => await host.EmitterOfAsync("ada"))!;

        Assert.That(raised.Code, Is.EqualTo(FailureCode.LogFailed));
        Assert.That(host.Failures.Latest(10), Has.Count.EqualTo(1));
        log.OpenFault = null;
        await using var emitter = await host.EmitterOfAsync("ada");
        Assert.That((await emitter.TokenAsync("one")).Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Emit_NestedDeeperThanReadersTake_IsRefusedAsInvalid()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");

        // The envelope and data are two levels.
        Assert.That((await emitter.CustomAsync("deep", Nested(ProtocolConstants.MaxDepth - 2))).Seq, Is.EqualTo(1));
        Assert.That((await client.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
        var raised = Assert.ThrowsAsync<SendFailureException>(
            async () => await emitter.CustomAsync("deeper", Nested(ProtocolConstants.MaxDepth - 1)))!;

        Assert.That((raised.Code, raised.Accepted), Is.EqualTo((FailureCode.InvalidEvent, false)));
        Assert.That(raised.Message, Does.Contain("'value'"));
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.InvalidEvent));
        Assert.That((await emitter.TokenAsync("next")).Seq, Is.EqualTo(2));
    }

    [Test]
    public async Task Resume_LogCannotBeRead_EndsTheConnectionLoudlyAndLosesNothing()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseEventLog<ThrottledEventLog>(), [("Netra:Streams:WindowEvents", "16")]);
        var log = LogOf(host);
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 50; i++)
        {
            await emitter.TokenAsync($"{i}");
        }

        log.ReadFault = new IOException("disk on fire");
        await using (var unlucky = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0")))
        {
            var (status, reason) = await unlucky.ReadToEndAsync();
            Assert.That(((int?)status, reason), Is.EqualTo((1011, "internal_error")));
        }

        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.UserId), Is.EqualTo((FailureCode.LogFailed, "ada")));
        Assert.That(failure.Message, Does.Not.Contain("disk on fire"), "what the log threw is for the operator");
        log.ReadFault = null;
        await using var again = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That(
            (await again.ReadEventsAsync(50)).Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, 50).Select(static i => (long)i)));
    }

    [Test]
    public async Task WhenStored_LogStoresLater_CompletesThen()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<ThrottledEventLog>());
        var log = LogOf(host);
        await using var emitter = await host.EmitterOfAsync("ada");
        log.HoldCommits();
        var receipt = await emitter.TokenAsync("one");
        var stored = receipt.WhenStoredAsync();
        Assert.That(stored.IsCompleted, Is.False);

        log.ReleaseCommits();

        var said = await stored.WaitAsync(TestClient.Patience);
        Assert.That(said, Is.EqualTo(new StoredReceipt(receipt.Id!, 1, EventStatus.Pending)));
        Assert.That(
            (receipt.Seq, receipt.Status), Is.EqualTo(((long?)said.Seq, (EventStatus?)said.Status)), "this log numbers before it commits");
    }

    [Test]
    public void DefaultReceipt_Awaited_SaysThatItIsOfNoEvent()
    {
        var receipt = default(EventReceipt);

        Assert.That((receipt.Id, receipt.Seq, receipt.Status), Is.EqualTo(((string?)null, (long?)null, (EventStatus?)null)));
        Assert.That(async () => await receipt.WhenStoredAsync(), Throws.InvalidOperationException);
        Assert.That(async () => await receipt.WhenAsync(DeliveryStage.Stored, TestClient.Patience), Throws.InvalidOperationException);
    }

    private static ThrottledEventLog LogOf(PipelineHost host) => (ThrottledEventLog)host.Services.GetRequiredService<IEventLog>();

    private static JsonNode Nested(int levels)
    {
        JsonNode node = new JsonArray();
        for (var i = 1; i < levels; i++)
        {
            node = new JsonArray(node);
        }

        return node;
    }
}
