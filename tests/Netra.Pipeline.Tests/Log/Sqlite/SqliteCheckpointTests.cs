using Netra.Pipeline.Log;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Log.Sqlite;

/// <summary>What was committed is brought into the database by a thread of its own, so that nobody waits for the disk meanwhile.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteCheckpointTests
{
    private const int EventBytes = 8 * 1024;
    private const int Events = 6000;

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

    private static long Length(string path) => new FileInfo(path).Length;
}
