using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InMemoryEventLogTests : EventLogComplianceTests
{
    protected override IEventLog Create(long? retainedBytes = null, long? maxBytes = null)
    {
        var options = new InMemoryEventLogOptions();
        options.RetainedBytes = retainedBytes ?? options.RetainedBytes;
        options.MaxBytes = maxBytes ?? options.MaxBytes;
        return new InMemoryEventLog(Options.Create(options), TimeProvider.System);
    }

    [Test]
    public async Task Append_ManyStreamsAtTheBound_NeverExceedItTogether()
    {
        await using var log = new InMemoryEventLog(
            Options.Create(new InMemoryEventLogOptions { RetainedBytes = 64 * 1024, MaxBytes = 64 * 1024 }), TimeProvider.System);
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => LoggedStream.OpenAsync(log, $"user-{i}")));
        var highest = 0L;

        await Task.WhenAll(streams.Select(stream => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                if (stream.TryAppend(Noon, 1000) == AppendResult.Taken)
                {
                    InterlockedMax(ref highest, stream.Head);
                }
            }
        })));

        var kept = streams.Sum(static s => s.Head * LoggedStream.BufferOf("user-0", 1, 1000).Length);
        Assert.That(kept, Is.LessThanOrEqualTo(64 * 1024));
        Assert.That(log.Bytes, Is.EqualTo(kept), "a refused event leaves nothing behind");
        Assert.That(highest, Is.Positive);
    }

    [Test]
    public async Task WaitForRoom_OthersAreRefusedMeanwhile_IsToldOfRoomAndGetsIt()
    {
        const int Large = 6000;
        await using var log = new InMemoryEventLog(
            Options.Create(new InMemoryEventLogOptions { RetainedBytes = 10_000, MaxBytes = 10_000 }), TimeProvider.System);
        var waiting = await LoggedStream.OpenAsync(log, "waits");
        var others = await Task.WhenAll(Enumerable.Range(0, 2).Select(i => LoggedStream.OpenAsync(log, $"other-{i}")));
        Assert.That(waiting.TryAppend(Noon, Large), Is.EqualTo(AppendResult.Taken));
        using var end = new CancellationTokenSource();
        var refused = others.Select(other => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Assert.That(other.TryAppend(Noon, Large), Is.EqualTo(AppendResult.Full));
            }
        })).ToList();

        try
        {
            for (var i = 0; i < 2000; i++)
            {
                var room = log.WaitForRoomAsync(waiting.Lease, LoggedStream.BufferOf("waits", i, Large).Length, CancellationToken.None)
                    .AsTask();
                await log.ExpireAsync(Noon + TimeSpan.FromHours(1), CancellationToken.None);
                using (await room.WaitAsync(TimeSpan.FromSeconds(20)))
                {
                    Assert.That(waiting.TryAppend(Noon, Large, hasRoom: true), Is.EqualTo(AppendResult.Taken));
                }
            }
        }
        finally
        {
            await end.CancelAsync();
        }

        await Task.WhenAll(refused);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var current = Volatile.Read(ref target); value > current;)
        {
            var before = Interlocked.CompareExchange(ref target, value, current);
            if (before == current)
            {
                return;
            }

            current = before;
        }
    }
}
