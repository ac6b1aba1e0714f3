using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FolderBackupTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Copy_WhileEventsAreStored_IsOneMomentAndANewHistory()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.TokenDelay = TimeSpan.FromMilliseconds(2));
        var streams = await Task.WhenAll(LoggedStream.OpenAsync(log, "ada"), LoggedStream.OpenAsync(log, "bob"));
        using var stop = new CancellationTokenSource();
        var busy = Task.WhenAll(streams.Select(stream => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                stream.TryAppend(Noon, padding: 2_000);
                if (stream.Head - stream.Committed > 500)
                {
                    await stream.CommittedAsync(stream.Head - 100);
                }
            }
        })));
        await streams[0].CommittedAsync(2_000);
        var copy = folder.NewSubfolder();
        var before = streams.Select(static stream => stream.Committed).ToArray();

        var copies = FolderBackup.Copy(folder.Path, copy.Path, CancellationToken.None);

        await stop.CancelAsync();
        await busy;
        Assert.That(copies, Is.EqualTo(new[] { copy.Database }));
        Assert.That(FolderCheck.Check(copy.Path, CancellationToken.None).Single().Problems, Is.Empty);
        string epoch;
        await using (var restored = await copy.StartAsync())
        {
            epoch = restored.Epoch;
            Assert.That(epoch, Is.Not.EqualTo(log.Epoch).And.Not.Empty);
            foreach (var (stream, stored) in streams.Zip(before))
            {
                var again = await LoggedStream.OpenAsync(restored, stream.Lease.UserId);
                Assert.That(again.Lease.Account.Accepted, Is.InRange(stored, stream.Head));
                Assert.That(again.Lease.Head, Is.EqualTo(again.Lease.Account.Accepted + (1 << 20)), "above all that was given since");
            }
        }

        await using var next = await copy.StartAsync();
        Assert.That(next.Epoch, Is.EqualTo(epoch), "it is one history from then on");
    }

    [Test]
    public void Copy_NothingThereOrTargetIsNot_SaysSo()
    {
        using var folder = new SqliteFolder();

        Assert.That(
            () => FolderBackup.Copy(folder.Path, folder.Path + "/to", CancellationToken.None),
            Throws.InstanceOf<IOException>().With.Message.Contains("no netra.db"));
        folder.Tamper("CREATE TABLE t(x)");
        Assert.That(
            () => FolderBackup.Copy(folder.Path, folder.Path, CancellationToken.None),
            Throws.InstanceOf<IOException>().With.Message.Contains("is there already"));
    }

    [Test]
    public async Task Start_DatabaseMissingBesideItsJournal_RefusesAndDeletesNothing()
    {
        using var folder = new SqliteFolder();
        SqliteFolder copy;
        await using (var log = await folder.StartAsync())
        {
            var ada = await LoggedStream.OpenAsync(log, "ada");
            ada.Append(10, Noon);
            await ada.CommittedAsync(10);
            copy = folder.Copy();
        }

        File.Move(copy.Database, copy.Database + ".away");
        var length = new FileInfo(copy.Database + "-wal").Length;
        Assert.That(
            async () => await copy.StartAsync(),
            Throws.InstanceOf<Pipeline.Failures.SendFailureException>().With.Message.Contains("netra.db-wal"));
        Assert.That(new FileInfo(copy.Database + "-wal").Length, Is.EqualTo(length).And.GreaterThan(0));
        File.Move(copy.Database + ".away", copy.Database, overwrite: true);
        await using var again = await copy.StartAsync();
        Assert.That((await LoggedStream.OpenAsync(again, "ada")).Lease.Account.Accepted, Is.EqualTo(10));
    }

    [Test]
    public async Task Start_DatabaseMissingBesideAlerts_IsWarnedOf()
    {
        using var folder = new SqliteFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "alerts.db"), "");

        await using var log = await folder.StartAsync();

        Assert.That(folder.Reported.Logs.Where(static entry => entry.EventId.Id == 1203), Has.Exactly(1).Items);
    }
}
