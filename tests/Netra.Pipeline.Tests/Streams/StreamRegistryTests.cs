using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Streams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StreamRegistryTests
{
    [Test]
    public async Task Pin_ManyAtOnce_LoadsOneStream()
    {
        var (registry, _) = Create();

        var streams = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => Task.Run(() => registry.PinAsync("ada", CancellationToken.None).AsTask())));

        Assert.That(streams.Distinct().Count(), Is.EqualTo(1));
        Assert.That(registry.Count, Is.EqualTo(1));
    }

    [TestCase(typeof(IOException))]
    [TestCase(typeof(OperationCanceledException))]
    public async Task Pin_LoadingFailed_TriesAgainNextTime(Type fault)
    {
        var (registry, log) = Create();
        log.OpenFault = (Exception)Activator.CreateInstance(fault)!;
        Assert.CatchAsync(fault, async () => await registry.PinAsync("ada", CancellationToken.None));
        log.OpenFault = null;

        var stream = await registry.PinAsync("ada", CancellationToken.None);

        Assert.That(stream.UserId, Is.EqualTo("ada"));
    }

    [Test]
    public async Task Evict_IdleStream_IsLoadedAnewWithItsHeadAndAcknowledgements()
    {
        var (registry, _) = Create();
        var first = await registry.PinAsync("ada", CancellationToken.None);
        await EmitAsync(first, 5);
        var subscription = new StreamSubscription("c", new SendQueue(new ConnectionOptions().QueueLimits, static () => { }));
        first.TryAttach(subscription, new ResumeRequest(registry.Epoch, 3, 0), static _ => []);
        first.Detach(subscription);
        await registry.EvictIdleAsync(CancellationToken.None);
        Assert.That(registry.Count, Is.EqualTo(1), "it is pinned");
        first.Pins.Remove();

        await registry.EvictIdleAsync(CancellationToken.None);

        Assert.That(registry.Count, Is.Zero);
        var second = await registry.PinAsync("ada", CancellationToken.None);
        Assert.That(second, Is.Not.SameAs(first));
        Assert.That((second.Snapshot().Head, second.Snapshot().Acknowledged), Is.EqualTo((5L, 3L)));
    }

    [Test]
    public async Task Evict_OneLeaseCannotBeReleased_StillLooksAfterTheOthers()
    {
        var (registry, log) = Create();
        foreach (var user in new[] { "a", "b", "c", "d" })
        {
            (await registry.PinAsync(user, CancellationToken.None)).Pins.Remove();
        }

        log.ReleaseFault = static user => user is "a" or "c" ? new IOException($"{user} is broken") : null;

        var thrown = Assert.ThrowsAsync<AggregateException>(async () => await registry.EvictIdleAsync(CancellationToken.None));

        Assert.That(thrown!.InnerExceptions, Has.Count.EqualTo(2));
        Assert.That(registry.Count, Is.Zero);
    }

    [Test]
    public async Task Evict_StreamThatWasNeededAMomentAgo_StaysForTheGrace()
    {
        var time = new TestTimeProvider();
        var (registry, _) = Create(new StreamOptions { IdleGrace = TimeSpan.FromSeconds(15) }, time);
        var first = await registry.PinAsync("ada", CancellationToken.None);
        first.Pins.Remove();
        time.Advance(TimeSpan.FromSeconds(14));
        await registry.EvictIdleAsync(CancellationToken.None);
        var again = await registry.PinAsync("ada", CancellationToken.None);
        Assert.That(again, Is.SameAs(first));
        again.Pins.Remove();

        time.Advance(TimeSpan.FromSeconds(14));
        await registry.EvictIdleAsync(CancellationToken.None);
        Assert.That(registry.Count, Is.EqualTo(1), "the grace begins anew whenever it is needed");
        time.Advance(TimeSpan.FromSeconds(1));
        await registry.EvictIdleAsync(CancellationToken.None);
        Assert.That(registry.Count, Is.Zero);
    }

    [Test]
    public async Task Evict_MoreThanMayBeIdle_ThoseGoThatWereNeededLongestAgo()
    {
        var time = new TestTimeProvider();
        var (registry, _) = Create(new StreamOptions { IdleGrace = TimeSpan.FromMinutes(10), MaxIdleStreams = 3 }, time);
        var held = await registry.PinAsync("held", CancellationToken.None);
        foreach (var user in new[] { "a", "b", "c", "d", "e" })
        {
            time.Advance(TimeSpan.FromSeconds(1));
            (await registry.PinAsync(user, CancellationToken.None)).Pins.Remove();
        }

        await registry.EvictIdleAsync(CancellationToken.None);

        Assert.That(registry.Loaded.Select(static stream => stream.UserId), Is.EquivalentTo(new[] { "held", "c", "d", "e" }));
        held.Pins.Remove();
    }

    [Test]
    public async Task Evict_WhileTheLogCannotStore_LeavesEverybodyLoaded()
    {
        var (registry, log) = Create();
        (await registry.PinAsync("ada", CancellationToken.None)).Pins.Remove();
        log.TroubleText = "the disk is full";

        await registry.EvictIdleAsync(CancellationToken.None);
        Assert.That(registry.Count, Is.EqualTo(1));
        log.TroubleText = null;
        await registry.EvictIdleAsync(CancellationToken.None);
        Assert.That(registry.Count, Is.Zero);
    }

    [Test]
    public async Task Evict_TheLogDoesNotAnswerAndTheHostStops_WaitsNoLonger()
    {
        var (registry, log) = Create();
        (await registry.PinAsync("ada", CancellationToken.None)).Pins.Remove();
        log.Releasing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = new CancellationTokenSource();
        var evicting = registry.EvictIdleAsync(stopping.Token).AsTask();
        var back = registry.PinAsync("ada", CancellationToken.None).AsTask();
        await stopping.CancelAsync();

        Assert.That(async () => await evicting.WaitAsync(TestClient.Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(back.IsCompleted, Is.False, "its stream is on its way to the log");
        log.Releasing.SetResult();
        Assert.That((await back.WaitAsync(TestClient.Patience)).UserId, Is.EqualTo("ada"));
    }

    [Test]
    public async Task Pin_WhileTheTickEvicts_AlwaysGetsAUsableStream()
    {
        var (registry, _) = Create();
        using var stop = new CancellationTokenSource();
        var evicting = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await registry.EvictIdleAsync(CancellationToken.None);
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var stream = await registry.PinAsync("ada", CancellationToken.None);
                await EmitAsync(stream, 1);
                stream.Pins.Remove();
            }
        }))).WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await evicting;

        var last = await registry.PinAsync("ada", CancellationToken.None);
        Assert.That(last.Snapshot().Head, Is.EqualTo(6000));
    }

    [Test]
    public async Task Expire_StreamNotLoaded_CountsOnlyWhatNobodyAcknowledged()
    {
        var (registry, log) = Create();
        var stream = await registry.PinAsync("ada", CancellationToken.None);
        await EmitAsync(stream, 10);
        var subscription = new StreamSubscription("c", new SendQueue(new ConnectionOptions().QueueLimits, static () => { }));
        stream.TryAttach(subscription, new ResumeRequest(registry.Epoch, 10, 0), static _ => []);
        stream.Detach(subscription);
        stream.Pins.Remove();
        await registry.EvictIdleAsync(CancellationToken.None);

        var expired = (await log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None)).Single();

        Assert.That(expired.Range, Is.EqualTo(new SeqRange(1, 10)));
        Assert.That(expired.Unacknowledged, Is.Zero, "all of them were acknowledged before the stream was unloaded");
    }

    private static async Task EmitAsync(UserStream stream, int count)
    {
        var run = await stream.Runs.EnterAsync("t", "r", agentName: null, CancellationToken.None);
        for (var i = 0; i < count; i++)
        {
            var outcome = stream.Append(StreamHarness.Draft(stream, EventType.Token), run, requireRoom: false);
            Assert.That(outcome.Kind, Is.EqualTo(AppendKind.Accepted));
        }

        stream.Runs.Leave(run);
    }

    private static (StreamRegistry Registry, ThrottledEventLog Log) Create()
        => Create(new StreamOptions { IdleGrace = TimeSpan.Zero }, TimeProvider.System);

    private static (StreamRegistry Registry, ThrottledEventLog Log) Create(StreamOptions settings, TimeProvider time)
    {
        var log = new ThrottledEventLog();
        var options = Options.Create(settings);
        return (new StreamRegistry(log, options, new WindowBudget(options), StreamObservers.None, new ServedTime(time)), log);
    }
}
