using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// What happens while nothing can be stored: it is said, nothing more is taken, nothing that was taken is lost, and it ends by itself.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteTroubleTests
{
    private const int MostThatFits = 500;

    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Commit_DiskFull_IsTriedUntilThereIsRoom()
    {
        using var disk = SmallDisk.Mount("size=8m");
        var folder = new SqliteFolder(Path.Combine(disk.Path, "data"));
        await using var log = await folder.StartAsync();
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        Append(ada, bob, 50);
        await ada.CommittedAsync(ada.Head);
        disk.Fill();

        await FailAsync(log, ada, bob);

        Assert.That(log.Trouble, Does.Contain(folder.Database).And.Contain("disk"));
        Assert.That(ada.TryAppend(Noon), Is.EqualTo(AppendResult.Failed));
        Assert.That(ada.Committed, Is.LessThan(ada.Head));
        disk.MakeRoom();
        await AssertRecoversAsync(folder, log, ada, bob);
    }

    [Test]
    public async Task Commit_LockedByAnotherProgram_IsTriedUntilItIsFree()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.BusyTimeout = TimeSpan.Zero);
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(10)))
        {
            other.BeginWriting();
            await FailAsync(log, ada, bob);
            Assert.That(log.Trouble, Does.Contain("another program holds a lock").And.Contain("Netra:Log:Sqlite:BusyTimeout"));
        }

        await AssertRecoversAsync(folder, log, ada, bob);
    }

    [Test]
    public async Task Dispose_WhileNothingCanBeStored_EndsAndTellsTheOwners()
    {
        using var folder = new SqliteFolder();
        var log = await folder.StartAsync(static options => options.BusyTimeout = TimeSpan.Zero);
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        Append(ada, bob, 5);
        await ada.CommittedAsync(5);
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(10)))
        {
            other.BeginWriting();
            await FailAsync(log, ada, bob);
            var waiting = log.ReleaseAsync(bob.Lease, [], CancellationToken.None);

            await log.DisposeAsync().AsTask().WaitAsync(TestClient.Patience);

            Assert.That(async () => await waiting, Throws.InstanceOf<SendFailureException>());
        }

        Assert.That(ada.Abandoned, Is.Not.Null);
        await using var next = await folder.StartAsync();
        var again = await LoggedStream.OpenAsync(next, "ada");
        Assert.That(again.Lease.Head, Is.EqualTo(5 + (1 << 20)), "what was given and not stored is not given again");
        Assert.That(again.Lease.Account, Is.EqualTo(new StreamAccount(5, 0, 5, 0, 0)));
    }

    [Test]
    public async Task Commit_JobThatFailsForItsOwnSake_IsTheOnlyOneThatFails()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        folder.Tamper("DROP TABLE dead_letters");

        Append(ada, bob, 3);
        var settling = log.DeadLetters.TrySettleAsync(1, DeadLetterState.Dropped, replayedAs: null, CancellationToken.None);
        Append(ada, bob, 3);

        Assert.That(async () => await settling, Throws.InstanceOf<SendFailureException>().With.Message.Contains("dead_letters"));
        await ada.CommittedAsync(6);
        await bob.CommittedAsync(6);
        Assert.That(log.Trouble, Is.Null);
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1));
        await AssertAllThereAsync(log, ada);
        await AssertAllThereAsync(log, bob);
    }

    [Test]
    public async Task Append_SupersededAfterItWasTaken_ItsOwnerIsTold()
    {
        using var folder = new SqliteFolder();
        var time = new TestTimeProvider();
        await using var log = await folder.StartAsync(time: time);
        var old = await LoggedStream.OpenAsync(log, "ada");
        old.Append(2);

        var opening = LoggedStream.OpenAsync(log, "ada");
        while (old.TryAppend(Noon) == AppendResult.Taken && !opening.IsCompleted)
        {
            await Task.Yield();
        }

        var current = await opening;
        current.Append(1);
        await log.FindRunAsync(current.Lease, "t", "r", CancellationToken.None);

        Assert.That(current.Committed, Is.EqualTo(current.Lease.Head + 1));
        Assert.That(old.Committed, Is.EqualTo(current.Lease.Head));
        Assert.That(old.Abandoned is not null, Is.EqualTo(old.Head > current.Lease.Head));
    }

    private static async Task FailAsync(SqliteEventLog log, LoggedStream ada, LoggedStream bob)
    {
        // The disk may have a little room left, in pages that are begun. What waits must fit in when there is room again.
        for (var i = 0; i < MostThatFits && log.Trouble is null; i++)
        {
            foreach (var stream in new[] { ada, bob })
            {
                stream.TryAppend(
                    Noon, padding: 2000, EventType.AgentThinking, new LogRun("t", $"r{stream.Head / 5}", isEmbedded: true, "demo"));
            }

            await Task.Yield();
        }

        await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "nothing can be stored");
    }

    private static async Task AssertRecoversAsync(SqliteFolder folder, SqliteEventLog log, LoggedStream ada, LoggedStream bob)
    {
        await Eventually.BecomesTrueAsync(() => log.Trouble is null, "the trouble is over");
        Append(ada, bob, 10);
        foreach (var stream in new[] { ada, bob })
        {
            await stream.CommittedAsync(stream.Head);
            await AssertAllThereAsync(log, stream);
            await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        }

        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(ada.Head + bob.Head, 0, ada.Head + bob.Head, 0, 0)));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1), "one trouble is one failure");
        Assert.That(folder.Reported.Logs.Select(static line => line.EventId.Id), Has.One.EqualTo(EventIds.LogTroubleOver));
    }

    private static async Task AssertAllThereAsync(SqliteEventLog log, LoggedStream stream)
    {
        var page = await log.ReadPageAsync(stream.Lease, new SeqRange(1, stream.Head), int.MaxValue, CancellationToken.None);
        Assert.That(page.Events.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, (int)stream.Head).Select(static i => (long)i)));
        Assert.That(stream.CommittedEvents, Is.EqualTo(stream.Head), "each is committed once");
    }

    private static void Append(LoggedStream ada, LoggedStream bob, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.That(ada.TryAppend(Noon, padding: 100, EventType.AgentThinking), Is.EqualTo(AppendResult.Taken));
            Assert.That(bob.TryAppend(Noon, padding: 100, EventType.AgentThinking), Is.EqualTo(AppendResult.Taken));
        }
    }
}
