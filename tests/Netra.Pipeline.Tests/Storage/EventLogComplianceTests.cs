using System.Collections.Concurrent;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

/// <summary>
/// What every <see cref="IEventLog"/> has to do. It assumes neither that commits are synchronous, nor that two logs share
/// anything; each test has a log of its own.
/// </summary>
internal abstract partial class EventLogComplianceTests
{
    /// <summary>When the first event is accepted.</summary>
    protected static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private const int Large = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentBag<IEventLog> _logs = [];

    /// <summary>A new, empty log that is not started yet.</summary>
    /// <param name="retainedBytes">What retention keeps; null for plenty.</param>
    /// <param name="maxBytes">Where it takes no more; null for plenty.</param>
    protected abstract IEventLog Create(long? retainedBytes = null, long? maxBytes = null);

    [OneTimeTearDown]
    public async Task DisposeLogsAsync()
    {
        foreach (var log in _logs)
        {
            await log.DisposeAsync();
        }
    }

    [Test]
    public async Task Start_NewLog_HasAnEpochOfTheProtocol()
    {
        var log = await StartAsync();

        Assert.That(log.Epoch, Does.Match("^[A-Za-z0-9_-]{1,64}$"));
        Assert.That(log.Bound, Is.Not.Empty);
    }

    [Test]
    public async Task Open_NewUser_StandsAtZero()
    {
        var log = await StartAsync();

        var stream = await LoggedStream.OpenAsync(log, "ada");

        Assert.That(stream.Lease.UserId, Is.EqualTo("ada"));
        Assert.That(stream.Lease.Head, Is.Zero);
        Assert.That(stream.Lease.ExpiredThrough, Is.Zero);
        Assert.That(stream.Lease.Acknowledged, Is.Empty);
    }

    [Test]
    public async Task Append_Many_AreCommittedInIncreasingOrderAndReadBackAsTheyWere()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");

        stream.Append(100);
        await stream.CommittedAsync(100);

        Assert.That(stream.Commits, Is.Ordered.Ascending);
        Assert.That(stream.Commits, Is.Unique);
        Assert.That(stream.Commits, Has.All.InRange(1, 100));
        var page = await log.ReadPageAsync(stream.Lease, new SeqRange(1, 100), Large, CancellationToken.None);
        Assert.That(page.Events.Select(static e => e.Seq), Is.EqualTo(Numbers(1, 100)));
        Assert.That(page.Events.Select(static e => e.Buffer), Is.EqualTo(Numbers(1, 100).Select(seq => LoggedStream.BufferOf("ada", seq))));
    }

    [Test]
    public async Task ReadPage_Range_ReturnsNothingElse()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(50);
        await stream.CommittedAsync(50);

        Assert.That(await ReadAsync(log, stream, 7, 7), Is.EqualTo(Numbers(7, 7)));
        Assert.That(await ReadAsync(log, stream, 10, 20), Is.EqualTo(Numbers(10, 20)));
        Assert.That(await ReadAsync(log, stream, 50, 50), Is.EqualTo(Numbers(50, 50)));
    }

    [Test]
    public async Task ReadPage_SmallPages_HaveAtLeastOneEventAndJoinWithoutSeam()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(40);
        await stream.CommittedAsync(40);

        var seqs = new List<long>();
        var pages = 0;
        while (seqs.Count < 40)
        {
            var page = await log.ReadPageAsync(stream.Lease, new SeqRange(seqs.Count + 1, 40), maxBytes: 100, CancellationToken.None);
            Assert.That(page.Events, Is.Not.Empty);
            Assert.That(
                page.Events.Count == 1 || page.Events.Sum(static e => e.Buffer.Length) <= 100,
                "a page exceeds its bound only with a single event");
            seqs.AddRange(page.Events.Select(static e => e.Seq));
            pages++;
        }

        Assert.That(seqs, Is.EqualTo(Numbers(1, 40)));
        Assert.That(pages, Is.GreaterThan(10));
        Assert.That(
            (await log.ReadPageAsync(stream.Lease, new SeqRange(1, 40), maxBytes: 1, CancellationToken.None)).Events, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ReadPage_WhileOthersAppend_NeverTearsNorSkips()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(1);
        await stream.CommittedAsync(1);

        var appending = Task.Run(() => stream.Append(2000));
        var reading = Task.Run(async () =>
        {
            var next = 1L;
            while (next <= 2001)
            {
                var to = Math.Min(stream.Committed, 2001);
                if (to < next)
                {
                    await Task.Yield();
                    continue;
                }

                var page = await log.ReadPageAsync(stream.Lease, new SeqRange(next, to), 4096, CancellationToken.None);
                Assert.That(page.Events, Is.Not.Empty);
                foreach (var stored in page.Events)
                {
                    Assert.That(stored.Seq, Is.EqualTo(next));
                    Assert.That(stored.Buffer, Is.EqualTo(LoggedStream.BufferOf("ada", next)));
                    next++;
                }
            }
        });

        await Task.WhenAll(appending, reading).WaitAsync(Patience);
    }

    [Test]
    public async Task Append_ManyStreamsInParallel_KeepsThemApart()
    {
        var log = await StartAsync();
        var users = Enumerable.Range(0, 8).Select(static i => $"user-{i}").ToArray();
        var streams = await Task.WhenAll(users.Select(user => LoggedStream.OpenAsync(log, user)));

        await Task.WhenAll(streams.Select(stream => Task.Run(() => stream.Append(300)))).WaitAsync(Patience);

        foreach (var stream in streams)
        {
            await stream.CommittedAsync(300);
            var page = await log.ReadPageAsync(stream.Lease, new SeqRange(1, 300), Large, CancellationToken.None);
            Assert.That(
                page.Events.Select(static e => e.Buffer),
                Is.EqualTo(Numbers(1, 300).Select(seq => LoggedStream.BufferOf(stream.Lease.UserId, seq))));
        }
    }

    [Test]
    public async Task Open_DifferentUsers_GetDifferentStreamIds()
    {
        var log = await StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => LoggedStream.OpenAsync(log, $"user-{i}")));

        Assert.That(streams.Select(static s => s.Lease.StreamId), Is.Unique);
    }

    [Test]
    public async Task Reopen_AfterRelease_GoesOnWhereItStoodAndKnowsWhatIsAcknowledged()
    {
        var log = await StartAsync();
        var first = await LoggedStream.OpenAsync(log, "ada");
        first.Append(10);
        await first.CommittedAsync(10);
        await log.ReleaseAsync(first.Lease, [new SeqRange(1, 4), new SeqRange(7, 8)], CancellationToken.None);

        var second = await LoggedStream.OpenAsync(log, "ada");

        Assert.That(second.Lease.Head, Is.EqualTo(10));
        Assert.That(second.Lease.StreamId, Is.EqualTo(first.Lease.StreamId));
        Assert.That(second.Lease.Acknowledged, Is.EqualTo(new[] { new SeqRange(1, 4), new SeqRange(7, 8) }));
        Assert.That(second.Lease.FencingToken, Is.GreaterThan(first.Lease.FencingToken));
        second.Append(1);
        await second.CommittedAsync(11);
        Assert.That(await ReadAsync(log, second, 1, 11), Is.EqualTo(Numbers(1, 11)));
    }

    [Test]
    public async Task Append_WithSupersededLease_StoresNothing()
    {
        var log = await StartAsync();
        var old = await LoggedStream.OpenAsync(log, "ada");
        old.Append(3);
        await old.CommittedAsync(3);
        var current = await LoggedStream.OpenAsync(log, "ada");

        // A log that learns of it only when it stores may take the event; it must not commit it.
        var answer = old.TryAppend(Noon);
        current.Append(1);
        await current.CommittedAsync(4);

        Assert.That(answer, Is.Not.EqualTo(AppendResult.Full));
        Assert.That(old.Committed, Is.EqualTo(3));
        Assert.That(await ReadAsync(log, current, 1, 4), Is.EqualTo(Numbers(1, 4)));
    }

    [Test]
    public async Task Release_WithSupersededLease_IsRefusedAndChangesNothing()
    {
        var log = await StartAsync();
        var old = await LoggedStream.OpenAsync(log, "ada");
        old.Append(3);
        await old.CommittedAsync(3);
        var current = await LoggedStream.OpenAsync(log, "ada");

        Assert.ThrowsAsync<InvalidOperationException>(
            async () => await log.ReleaseAsync(old.Lease, [new SeqRange(1, 3)], CancellationToken.None));

        await log.ReleaseAsync(current.Lease, [new SeqRange(1, 1)], CancellationToken.None);
        var third = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(third.Lease.Acknowledged, Is.EqualTo(new[] { new SeqRange(1, 1) }));
    }

    [Test]
    public async Task Expire_ByAge_DeletesTheOldAndSaysWhatNobodyAcknowledged()
    {
        var log = await StartAsync();
        var ada = await LoggedStream.OpenAsync(log, "ada");
        var bob = await LoggedStream.OpenAsync(log, "bob");
        ada.Append(10, Noon);
        bob.Append(5, Noon + TimeSpan.FromMinutes(1));
        ada.Append(10, Noon + TimeSpan.FromHours(1));
        await ada.CommittedAsync(20);
        await bob.CommittedAsync(5);
        await log.ReleaseAsync(ada.Lease, [new SeqRange(1, 7)], CancellationToken.None);
        ada = await LoggedStream.OpenAsync(log, "ada");

        var expired = await log.ExpireAsync(Noon + TimeSpan.FromMinutes(30), CancellationToken.None);

        Assert.That(expired, Is.EquivalentTo(new[]
        {
            new ExpiredRange("ada", new SeqRange(1, 10), Events: 10, Unacknowledged: 3, DeadLettered: 0),
            new ExpiredRange("bob", new SeqRange(1, 5), Events: 5, Unacknowledged: 5, DeadLettered: 0),
        }));
        Assert.That(await ReadAsync(log, ada, 1, 20), Is.EqualTo(Numbers(11, 20)));
        Assert.That(await ReadAsync(log, ada, 4, 9), Is.Empty);
        Assert.That(await log.ExpireAsync(Noon + TimeSpan.FromMinutes(30), CancellationToken.None), Is.Empty);
        await log.ReleaseAsync(bob.Lease, [], CancellationToken.None);
        var again = await LoggedStream.OpenAsync(log, "bob");
        Assert.That((again.Lease.Head, again.Lease.ExpiredThrough), Is.EqualTo((5L, 5L)), "numbers are never given twice");
    }

    [Test]
    public async Task Expire_BySize_DeletesTheOldestAndMakesRoom()
    {
        var log = await StartAsync(retainedBytes: 64 * 1024, maxBytes: 128 * 1024);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var size = LoggedStream.BufferOf("ada", 1, 1000).Length;
        var taken = 0L;
        while (stream.TryAppend(Noon, 1000) == AppendResult.Taken)
        {
            taken++;
            await stream.CommittedAsync(taken);
        }

        var expired = (await log.ExpireAsync(Noon, CancellationToken.None)).Single();

        Assert.That(taken * size, Is.InRange(96 * 1024, 160 * 1024));
        Assert.That(expired.Range.From, Is.EqualTo(1));
        Assert.That((taken - expired.Range.To) * size, Is.LessThanOrEqualTo(64 * 1024));
        Assert.That(expired.Range.To, Is.LessThan(taken));
        Assert.That((await ReadAsync(log, stream, 1, taken))[0], Is.EqualTo(expired.Range.To + 1));
        Assert.That(stream.TryAppend(Noon, 1000), Is.EqualTo(AppendResult.Taken));
    }

    [Test]
    public async Task Append_AtTheBound_IsRefusedAndChangesNothing()
    {
        var log = await StartAsync(retainedBytes: 64 * 1024, maxBytes: 64 * 1024);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        while (stream.TryAppend(Noon, 1000) == AppendResult.Taken)
        {
            await stream.CommittedAsync(stream.Head);
        }

        var head = stream.Head;
        Assert.That(stream.TryAppend(Noon, 1000), Is.EqualTo(AppendResult.Full));
        Assert.That(stream.Committed, Is.EqualTo(head));
        Assert.That((await ReadAsync(log, stream, 1, head))[^1], Is.EqualTo(head));

        await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None);
        Assert.That(stream.TryAppend(Noon, 1000), Is.EqualTo(AppendResult.Taken), "the refused number is the next one still");
        await stream.CommittedAsync(head + 1);
        Assert.That(await ReadAsync(log, stream, head + 1, head + 1), Is.EqualTo(Numbers(head + 1, head + 1)));
    }

    [Test]
    public async Task WaitForRoom_AtTheBound_ComesWithSpaceAndIsKeptForWhoHasWaited()
    {
        var log = await StartAsync(retainedBytes: 64 * 1024, maxBytes: 64 * 1024);
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        while (ada.TryAppend(Noon, 60 * 1024) == AppendResult.Taken)
        {
            await ada.CommittedAsync(ada.Head);
        }

        using var giveUp = new CancellationTokenSource();
        var given = log.WaitForRoomAsync(ada.Lease, 50 * 1024, giveUp.Token).AsTask();
        var waiting = log.WaitForRoomAsync(ada.Lease, 61 * 1024, CancellationToken.None).AsTask();
        await giveUp.CancelAsync();
        Assert.That(async () => await given, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(waiting.IsCompleted, Is.False);
        Assert.That(bob.TryAppend(Noon), Is.EqualTo(AppendResult.Full), "nobody passes who has not waited");

        await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None);
        using (await waiting.WaitAsync(Patience))
        {
            Assert.That(bob.TryAppend(Noon, 10 * 1024), Is.EqualTo(AppendResult.Full), "it is kept");
            Assert.That(ada.TryAppend(Noon, 60 * 1024, hasRoom: true), Is.EqualTo(AppendResult.Taken));
        }

        await ada.CommittedAsync(ada.Head);
        Assert.That(bob.TryAppend(Noon), Is.EqualTo(AppendResult.Taken));
        (await log.WaitForRoomAsync(bob.Lease, 65 * 1024, CancellationToken.None).AsTask().WaitAsync(Patience)).Dispose();
        Assert.That(
            bob.TryAppend(Noon, 65 * 1024, hasRoom: true), Is.EqualTo(AppendResult.Full), "what it can never hold waits for nothing");
    }

    [Test]
    public async Task Expire_WhileOthersAppendAndExpire_LosesNoneAndTellsEachOnce()
    {
        var log = await StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => LoggedStream.OpenAsync(log, $"user-{i}")));
        var expired = new ConcurrentBag<ExpiredRange>();
        using var stop = new CancellationTokenSource();
        var expiring = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (var range in await log.ExpireAsync(Noon + TimeSpan.FromHours(1), CancellationToken.None))
                {
                    expired.Add(range);
                }

                await Task.Yield();
            }
        })).ToArray();

        await Task.WhenAll(streams.Select(stream => Task.Run(() => stream.Append(500, Noon)))).WaitAsync(Patience);
        await Task.WhenAll(streams.Select(static stream => stream.CommittedAsync(500)));
        await stop.CancelAsync();
        await Task.WhenAll(expiring).WaitAsync(Patience);
        foreach (var range in await log.ExpireAsync(Noon + TimeSpan.FromHours(1), CancellationToken.None))
        {
            expired.Add(range);
        }

        foreach (var stream in streams)
        {
            var told = expired.Where(e => e.UserId == stream.Lease.UserId)
                .OrderBy(static e => e.Range.From)
                .SelectMany(static e => Numbers(e.Range.From, e.Range.To));
            Assert.That(told, Is.EqualTo(Numbers(1, 500)));
        }
    }

    protected static IEnumerable<long> Numbers(long from, long to)
    {
        for (var seq = from; seq <= to; seq++)
        {
            yield return seq;
        }
    }

    private static async Task<List<long>> ReadAsync(IEventLog log, LoggedStream stream, long from, long to)
        =>
        [
            .. (await log.ReadPageAsync(
                stream.Lease, new SeqRange(from, to), Large, CancellationToken.None)).Events.Select(static e => e.Seq)
        ];

    private async Task<IEventLog> StartAsync(long? retainedBytes = null, long? maxBytes = null)
    {
        var log = Create(retainedBytes, maxBytes);
        _logs.Add(log);
        await log.StartAsync(CancellationToken.None);
        return log;
    }
}
