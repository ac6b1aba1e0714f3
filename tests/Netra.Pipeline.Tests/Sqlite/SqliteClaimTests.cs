using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>Numbers that may have been given are never given again.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteClaimTests
{
    private const long Jump = 1 << 20;

    [Test]
    public async Task Open_AfterACleanEnd_GoesOnWithoutASkip()
    {
        using var folder = new SqliteFolder();
        string epoch;
        await using (var log = await folder.StartAsync())
        {
            epoch = log.Epoch;
            var stream = await LoggedStream.OpenAsync(log, "ada");
            stream.Append(5);
            await stream.CommittedAsync(5);
            await log.ReleaseAsync(stream.Lease, [new SeqRange(1, 2)], CancellationToken.None);
        }

        await using var next = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(next, "ada")).Lease;
        Assert.That((next.Epoch, lease.Head, lease.Skipped.Count), Is.EqualTo((epoch, 5L, 0)));
        Assert.That(lease.Acknowledged, Is.EqualTo(new[] { new SeqRange(1, 2) }));
    }

    [Test]
    public async Task Open_AfterAnUncleanEnd_SkipsOnceHoweverOftenItIsOpenedBeforeTheClaim()
    {
        using var folder = new SqliteFolder();
        await EndUncleanlyAsync(folder, events: 5);
        for (var i = 0; i < 2; i++)
        {
            await using var log = await folder.StartAsync();
            var unclaimed = (await LoggedStream.OpenUnclaimedAsync(log, "ada")).Lease;
            Assert.That((unclaimed.Head, unclaimed.Skipped.Single()), Is.EqualTo((5 + Jump, new SeqRange(6, 5 + Jump))));
            var page = await log.ReadPageAsync(unclaimed, new SeqRange(4, 5 + Jump), int.MaxValue, CancellationToken.None);
            Assert.That(page.Events.Select(static e => e.Seq), Is.EqualTo(new[] { 4L, 5L }));
            Assert.That(page.Skipped.Single(), Is.EqualTo(new SeqRange(6, 5 + Jump)));
            await log.ReleaseAsync(unclaimed, [], CancellationToken.None);
        }

        await using var next = await folder.StartAsync();
        var stream = await LoggedStream.OpenAsync(next, "ada");
        Assert.That(stream.Head, Is.EqualTo(5 + Jump));
        stream.Append(2);
        await stream.CommittedAsync(7 + Jump);
        await next.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(next, "ada");
        Assert.That(
            (stream.Head, stream.Lease.Skipped.Single()), Is.EqualTo((7 + Jump, new SeqRange(6, 5 + Jump))), "released, it goes on");
    }

    [Test]
    public async Task Release_AcknowledgedAcrossASkip_CountsEventsAndNotNumbers()
    {
        using var folder = new SqliteFolder();
        await EndUncleanlyAsync(folder, events: 5);
        await using var log = await folder.StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(2);
        await stream.CommittedAsync(7 + Jump);

        await log.ReleaseAsync(stream.Lease, [new SeqRange(2, 6 + Jump)], CancellationToken.None);

        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(Accepted: 7, Acknowledged: 5, Pending: 2, Expired: 0, DeadLettered: 0)));
    }

    [Test]
    public async Task Open_ClaimedAndEndedWithoutAnEvent_SkipsAgain()
    {
        using var folder = new SqliteFolder();
        await EndUncleanlyAsync(folder, events: 5);
        await EndUncleanlyAsync(folder, events: 0);

        await using var log = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(log, "ada")).Lease;

        Assert.That(lease.Head, Is.EqualTo(5 + (2 * Jump)));
        Assert.That(lease.Skipped, Is.EqualTo(new[] { new SeqRange(6, 5 + Jump), new SeqRange(6 + Jump, 5 + (2 * Jump)) }));
    }

    [Test]
    public async Task Append_BeforeTheClaim_Throws()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await LoggedStream.OpenUnclaimedAsync(log, "ada");

        Assert.That(() => stream.TryAppend(default), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Open_WaitIsCancelled_LeavesNoLeaseBehind()
    {
        using var folder = new SqliteFolder();

        // In trouble it would let in whoever it knows, before the wait is cancelled.
        await using var log = await folder.StartAsync(static options => options.BusyTimeout = TimeSpan.FromMinutes(1));
        var ada = await LoggedStream.OpenAsync(log, "ada");
        ada.Append(3);
        await ada.CommittedAsync(3);
        await log.ReleaseAsync(ada.Lease, [], CancellationToken.None);
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(10)))
        {
            other.BeginWriting();
            using var cancelled = new CancellationTokenSource();
            var opening = log.OpenAsync("ada", _ => ada, cancelled.Token).AsTask();
            await cancelled.CancelAsync();
            Assert.That(async () => await opening, Throws.InstanceOf<OperationCanceledException>());
        }

        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(3, 0, 3, 0, 0)), "it rests still");
    }

    [Test]
    public async Task Open_OwnerCannotBeMade_TheStreamRestsWhereItStood()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.SaveInterval = TimeSpan.FromMinutes(5));
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(3);
        await stream.CommittedAsync(3);

        Assert.That(
            async () => await log.OpenAsync("ada", static _ => throw new InvalidDataException("no"), CancellationToken.None),
            Throws.InstanceOf<InvalidDataException>());

        Assert.That(stream.TryAppend(default), Is.EqualTo(AppendResult.Failed), "superseded all the same");
        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(3, 0, 3, 0, 0)));
        var again = await LoggedStream.OpenAsync(log, "ada");
        Assert.That((again.Head, again.Lease.Account), Is.EqualTo((3L, new StreamAccount(3, 0, 3, 0, 0))));
    }

    private static async Task EndUncleanlyAsync(SqliteFolder folder, int events)
    {
        await using var log = await folder.StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(events);
        await stream.CommittedAsync(stream.Head);
    }
}
