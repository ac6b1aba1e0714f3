using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>What was committed is brought into the database by a thread of its own, so that nobody waits for the disk meanwhile.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteCheckpointTests
{
    private const int EventBytes = 8 * 1024;
    private const int Events = 6000;

    // So that a transaction is small beside what the journal may hold, however long the writer has slept.
    private const int SmallQueue = 8 * 1024 * 1024;

    [Test]
    public async Task Dispose_ThreadEndsAtThatMoment_HandlesOutliveIt()
    {
        for (var i = 0; i < 5_000; i++)
        {
            // Neither file nor reporter is needed until there is something to bring in.
            await using var checkpointer = new Checkpointer(file: null!, failures: null!, TimeProvider.System);
            checkpointer.Start();
        }
    }

    [Test]
    public async Task Commit_MoreThanTheJournalIsToHold_IsInTheDatabaseWithoutAPauseAndTheJournalStaysSmall()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        for (var i = 0; i < Events; i++)
        {
            while (stream.TryAppend(TestTimeProvider.Start, EventBytes) == AppendResult.Full)
            {
                await Task.Yield();
            }
        }

        await stream.CommittedAsync(Events);

        await Eventually.BecomesTrueAsync(() => Length(folder.Database) > 16L * 1024 * 1024, "the database has what was committed");
        Assert.That(Length(folder.Database + "-wal"), Is.LessThan(128L * 1024 * 1024));
        for (long next = 1; next <= Events;)
        {
            var page = await log.ReadPageAsync(stream.Lease, new SeqRange(next, Events), 1024 * 1024, CancellationToken.None);
            Assert.That(page.Events[0].Seq, Is.EqualTo(next));
            next = page.Events[^1].Seq + 1;
        }
    }

    [Test]
    public async Task Dispose_WhileThereIsMuchToBringIn_LeavesNothingBehind()
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            var stream = await LoggedStream.OpenAsync(log, "ada");
            for (var i = 0; i < Events; i++)
            {
                while (stream.TryAppend(TestTimeProvider.Start, EventBytes) == AppendResult.Full)
                {
                    await Task.Yield();
                }
            }
        }

        Assert.That(File.Exists(folder.Database + "-wal") ? Length(folder.Database + "-wal") : 0, Is.Zero);
        Assert.That(folder.Query("SELECT count(*) FROM events"), Is.EqualTo(Events));
        Assert.That(folder.Query("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), Is.Zero);
    }

    [Test]
    public async Task Commit_WithoutARest_TheJournalBeginsAnewAllTheSame()
    {
        const int Large = 64 * 1024;
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.QueueBytes = SmallQueue);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var longest = 0L;
        for (var i = 0; i < 4000; i++)
        {
            while (stream.TryAppend(TestTimeProvider.Start, Large) == AppendResult.Full)
            {
                await Task.Yield();
            }

            longest = i % 50 == 0 ? Math.Max(longest, Length(folder.Database + "-wal")) : longest;
        }

        await stream.CommittedAsync(4000);
        Assert.That(Math.Max(longest, Length(folder.Database + "-wal")), Is.LessThan(128L * 1024 * 1024), "250 MiB were committed");
    }

    [Test]
    public async Task Commit_WhileAnotherProgramReads_GoesOnAndTheJournalBeginsAnewAfterwards()
    {
        const int Large = 64 * 1024;
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.QueueBytes = SmallQueue);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        async Task CommitAsync(int events)
        {
            for (var i = 0; i < events; i++)
            {
                while (stream.TryAppend(TestTimeProvider.Start, Large) == AppendResult.Full)
                {
                    await Task.Yield();
                }
            }

            await stream.CommittedAsync(stream.Head);
        }

        await CommitAsync(10);
        using (var reader = SqliteDatabase.Open(folder.Database, readOnly: true, TimeSpan.FromSeconds(5)))
        {
            reader.Begin();
            Assert.That(reader.QueryInt64("SELECT count(*) FROM events"), Is.Positive);
            await CommitAsync(2000);
            Assert.That(Length(folder.Database + "-wal"), Is.GreaterThan(120L * 1024 * 1024), "it holds what the reader may want");
            Assert.That(reader.QueryInt64("SELECT count(*) FROM events"), Is.LessThanOrEqualTo(10));
        }

        await CommitAsync(1000);

        // Where the disk is slow the writer has paused in vain, and does so again after some more.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await CommitAsync(50);
                return Length(folder.Database + "-wal") < 128L * 1024 * 1024;
            },
            "the journal has begun anew");
        Assert.That(log.Trouble, Is.Null);
    }

    [Test]
    public void PagesWritten_AskedAgain_AreThoseSinceThen()
    {
        using var folder = new SqliteFolder();
        using var database = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(5));
        database.Execute("PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
        _ = database.TakePagesWritten();

        database.Execute("INSERT INTO t VALUES (zeroblob(1000000))");

        Assert.That(database.TakePagesWritten(), Is.InRange(240, 260));
        Assert.That(database.TakePagesWritten(), Is.Zero, "a count of all of them ends at 2^31, which is 16 TiB");
    }

    private static long Length(string path) => new FileInfo(path).Length;
}
