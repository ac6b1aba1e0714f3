using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[Parallelizable(ParallelScope.All)]
internal sealed class SqliteRetentionTests
{
    [Test]
    public async Task Expire_MoreThanOneTransactionTakes_DeletesAllAndWhatBelongsToIt()
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            var streams = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => LoggedStream.OpenAsync(log, $"user-{i}")));
            foreach (var stream in streams)
            {
                stream.Append(100, TestTimeProvider.Start);
                log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c", TestTimeProvider.Start, 0, 100, 100, 50));
            }

            await Task.WhenAll(streams.Select(static stream => stream.CommittedAsync(100)));

            var expired = await log.ExpireAsync(TestTimeProvider.Start + TimeSpan.FromHours(1), CancellationToken.None);

            Assert.That(
                expired,
                Is.EquivalentTo(streams.Select(static stream => new ExpiredRange(stream.Lease.UserId, new SeqRange(1, 100), 100, 100, 0))));
            Assert.That(streams.SelectMany(static stream => stream.Expirations).Sum(static range => range.Events), Is.EqualTo(5000));
            Assert.That(log.Bytes, Is.Zero);
        }

        foreach (var table in new[] { "events", "marks", "commits" })
        {
            Assert.That(folder.Query($"SELECT count(*) FROM {table}"), Is.Zero, table);
        }

        Assert.That(folder.Query("SELECT count(*) FROM audit WHERE kind = 1"), Is.Zero, "as old as the events");
    }

    [Test]
    public async Task Expire_ThenAppend_NoRowIsUsedTwice()
    {
        using var folder = new SqliteFolder();
        for (var i = 1; i <= 3; i++)
        {
            await using var log = await folder.StartAsync();
            var stream = await LoggedStream.OpenAsync(log, "ada");
            stream.Append(10, TestTimeProvider.Start);
            await stream.CommittedAsync(stream.Head);
            await log.ReadOpenRunsAsync(CancellationToken.None);
            Assert.That(folder.Query("SELECT min(rowid) FROM events"), Is.EqualTo((10 * (i - 1)) + 1));
            await log.ExpireAsync(TestTimeProvider.Start + TimeSpan.FromHours(1), CancellationToken.None);
            Assert.That(folder.Query("SELECT count(*) FROM events"), Is.Zero);
        }
    }

    [Test]
    public async Task Expire_KeysWhoseTimeIsOver_AreForgotten()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(time: time);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        foreach (var hours in new[] { 1, 2 })
        {
            var key = new PublishKey((UInt128)hours, 7, time.GetUtcNow() + TimeSpan.FromHours(hours));
            key.Settle(EventStatus.Queued);
            stream.TryAppend(time.GetUtcNow(), key: key);
        }

        await log.ReadOpenRunsAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromHours(1));

        await log.ExpireAsync(TestTimeProvider.Start - TimeSpan.FromDays(1), CancellationToken.None);

        Assert.That(await log.FindKeyAsync(1, CancellationToken.None), Is.Null);
        Assert.That(
            await log.FindKeyAsync(2, CancellationToken.None), Is.EqualTo(new StoredKey(7, stream.Lease.StreamId, 2, EventStatus.Queued)));
    }

    [Test]
    public async Task Expire_RunThatHasGoneOnSinceItWasSaved_IsKept()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.SaveInterval = TimeSpan.FromMinutes(5));
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: true, "demo");
        stream.TryAppend(TestTimeProvider.Start, run: run);
        await log.ReadOpenRunsAsync(CancellationToken.None);
        stream.TryAppend(TestTimeProvider.Start + TimeSpan.FromHours(1), run: run);

        await log.ExpireAsync(TestTimeProvider.Start + TimeSpan.FromMinutes(1), CancellationToken.None);

        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))?.Events, Is.EqualTo(2));
        await using var next = await folder.Copy().StartAsync();
        var again = await LoggedStream.OpenAsync(next, "ada");
        Assert.That((await next.FindRunAsync(again.Lease, "t", "r", CancellationToken.None))?.Events, Is.EqualTo(2));
    }

    // As an older version left them whose wall clock was ahead for a while.
    [TestCase(1, 3)]
    [TestCase(1, 5000)]
    [TestCase(4000, 3)]
    public async Task Expire_RowsFromTheFuture_HoldUpNothingAndGoWithWhatLiesBehindThem(int before, int future)
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using (var log = await folder.StartAsync(time: time))
        {
            var stream = await LoggedStream.OpenAsync(log, "ada");
            stream.Append(before, time.GetUtcNow());
            stream.Append(future, time.GetUtcNow() + TimeSpan.FromDays(3652));
            stream.Append(2, time.GetUtcNow() + TimeSpan.FromHours(1));
            stream.Append(1, time.GetUtcNow() + TimeSpan.FromHours(2));
            log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c", time.GetUtcNow() + TimeSpan.FromDays(3652), 0, 1, 1, 1));
            log.Audit.TryRecord(stream.Lease, new ConnectionProgress("d", time.GetUtcNow(), 0, 1, 1, 1));
            await log.ReadOpenRunsAsync(CancellationToken.None);
            await log.DeadLetters.AddAsync(
                stream.Lease, [1], attempts: 1, time.GetUtcNow() + TimeSpan.FromDays(3652), CancellationToken.None);
            await log.DeadLetters.AddAsync(stream.Lease, [2], attempts: 1, time.GetUtcNow(), CancellationToken.None);
            time.Advance(TimeSpan.FromDays(1));

            async Task<long> ExpireAsync(double hours)
                => (await log.ExpireAsync(
                    TestTimeProvider.Start + TimeSpan.FromHours(hours), CancellationToken.None)).Sum(static range => range.Events);

            Assert.That(await ExpireAsync(0.5), Is.EqualTo(before), "those from the future may be as young as what lies behind them");
            Assert.That(await ExpireAsync(0.5), Is.Zero);
            Assert.That(await ExpireAsync(1.5), Is.EqualTo(future + 2));
            Assert.That(
                await log.DeadLetters.ExpireAsync(TestTimeProvider.Start + TimeSpan.FromHours(1), keep: 100, CancellationToken.None),
                Is.EqualTo(2));
        }

        Assert.That(folder.Query("SELECT count(*) FROM events"), Is.EqualTo(1));
        Assert.That(folder.Query("SELECT count(*) FROM audit WHERE kind = 1"), Is.Zero);
    }

    [Test]
    public async Task Expire_AllRowsAreFromTheFuture_ReadsEachOnce()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(time: time);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(3, time.GetUtcNow() + TimeSpan.FromDays(3652));
        await log.ReadOpenRunsAsync(CancellationToken.None);
        async Task<long> ExpireAsync()
            => (await log.ExpireAsync(time.GetUtcNow() - TimeSpan.FromHours(1), CancellationToken.None)).Sum(static range => range.Events);
        Assert.That(await ExpireAsync(), Is.Zero);

        // Only who reads the row again finds this.
        folder.Tamper($"UPDATE events SET at = {(time.GetUtcNow() - TimeSpan.FromDays(1)).UtcTicks} WHERE rowid = 2");
        Assert.That(await ExpireAsync(), Is.Zero);

        stream.Append(1, time.GetUtcNow());
        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(await ExpireAsync(), Is.Zero);
        time.Advance(TimeSpan.FromHours(2));
        Assert.That(await ExpireAsync(), Is.EqualTo(4), "what came later is found");
    }

    [Test]
    public async Task Expire_RowsOfTheFutureWhoseTimeHasCome_AreFoundWithoutALaterOne()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(time: time);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(2, time.GetUtcNow() + TimeSpan.FromDays(3652));
        await log.ReadOpenRunsAsync(CancellationToken.None);
        async Task<long> ExpireAsync()
            => (await log.ExpireAsync(time.GetUtcNow() - TimeSpan.FromHours(1), CancellationToken.None)).Sum(static range => range.Events);
        Assert.That(await ExpireAsync(), Is.Zero);
        stream.Append(1, time.GetUtcNow() + TimeSpan.FromHours(3));
        stream.Append(1, time.GetUtcNow() + TimeSpan.FromHours(2));
        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(await ExpireAsync(), Is.Zero);

        time.Advance(TimeSpan.FromHours(2.5));
        Assert.That(await ExpireAsync(), Is.Zero);
        time.Advance(TimeSpan.FromHours(2));
        Assert.That(await ExpireAsync(), Is.EqualTo(4));
    }

    [Test]
    public async Task Expire_KeysFromTheFuture_HoldUpNothing()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(time: time);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        foreach (var hours in new[] { 87_660, 1 })
        {
            var key = new PublishKey((UInt128)hours, 7, time.GetUtcNow() + TimeSpan.FromHours(hours));
            key.Settle(EventStatus.Queued);
            stream.TryAppend(time.GetUtcNow(), key: key);
        }

        await log.ReadOpenRunsAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromHours(2));
        await log.ExpireAsync(TestTimeProvider.Start - TimeSpan.FromDays(1), CancellationToken.None);

        Assert.That(folder.Query("SELECT count(*) FROM keys"), Is.Zero);
    }

    [TestCase(24)]
    [TestCase(-24)]
    public async Task Expire_ClockWasSetBeforeARestart_CountsTimeThatHasPassed(int hours)
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using (var log = await folder.StartAsync(time: time))
        {
            (await LoggedStream.OpenAsync(log, "ada")).Append(1, time.GetUtcNow());
            await log.ReadOpenRunsAsync(CancellationToken.None);
            time.ShiftWallClock(TimeSpan.FromHours(hours));
        }

        time.Advance(TimeSpan.FromDays(6.9));
        await using (var log = await folder.StartAsync(time: time))
        {
            Assert.That(await log.ExpireAsync(time.GetUtcNow() - TimeSpan.FromDays(7), CancellationToken.None), Is.Empty);
            time.Advance(TimeSpan.FromDays(0.2));
            Assert.That(await log.ExpireAsync(time.GetUtcNow() - TimeSpan.FromDays(7), CancellationToken.None), Has.Count.EqualTo(1));
        }
    }

    [Test]
    public async Task Record_JustBeforeTheRelease_IsInTheTrail()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.TryAppend(TestTimeProvider.Start);
        await stream.CommittedAsync(1);

        log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c-1", TestTimeProvider.Start + TimeSpan.FromSeconds(1), 0, 1, 1, 1));
        await log.ReleaseAsync(stream.Lease, [new SeqRange(1, 1)], CancellationToken.None);

        var history = await log.Audit.ReadAsync((await LoggedStream.OpenAsync(log, "ada")).Lease, 1, CancellationToken.None);
        Assert.That(
            history!.Steps.Where(static step => step.ConnectionId == "c-1").Select(static step => step.Stage),
            Does.Contain(HistoryStage.Acknowledged));
    }

    [Test]
    public async Task Save_NowAndThen_AsksForWhatIsAcknowledged()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(static options => options.SaveInterval = TimeSpan.FromSeconds(2), time);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(10);
        await log.ReadOpenRunsAsync(CancellationToken.None);
        stream.Acknowledged = [new SeqRange(1, 4)];

        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.BecomesTrueAsync(() => !stream.Lease.AcknowledgementsChanged, "the log has asked");
        await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);

        await using var next = await folder.Copy().StartAsync();
        Assert.That((await LoggedStream.OpenAsync(next, "ada")).Lease.Account, Is.EqualTo(new StreamAccount(10, 4, 6, 0, 0)));
    }
}
