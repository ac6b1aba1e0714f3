using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FileWatchTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly FileIdentity Ours = new(1, 7);
    private static readonly FileIdentity Other = new(1, 8);

    [Test]
    public void Look_FileSystemThatFailsOrAnswersWronglyOnce_IsNoLoss()
    {
        FileIdentity? now = Ours;
        var watch = new FileWatch(_ => now);
        watch.Add("netra.db", isLog: true);
        foreach (var seen in new FileIdentity?[] { null, null, FileIdentity.Absent, Ours, Other, Ours, FileIdentity.Absent, null, Ours })
        {
            now = seen;
            watch.Look();
            Assert.That(watch.Lost, Is.Null, $"{seen}");
        }
    }

    [Test]
    public void Look_FileGoneTwice_IsLostUntilTheSameIsBackTwice()
    {
        FileIdentity? now = Ours;
        var watch = new FileWatch(path => path == "netra.db" ? now : Ours);
        watch.Add("netra.db", isLog: true);
        watch.Add("alerts.db");

        var lost = new[] { FileIdentity.Absent, FileIdentity.Absent, Other, Ours, Other, Ours, Ours }.Select(seen =>
        {
            now = seen;
            watch.Look();
            return watch.LostOfLog;
        }).ToList();

        Assert.That(lost.Select(static text => text is null), Is.EqualTo(new[] { true, false, false, false, false, false, true }));
        Assert.That(lost[1], Does.Contain("netra.db was deleted or renamed").And.Not.Contain("alerts.db"));
        Assert.That(lost[2], Does.Contain("replaced"));
    }

    [Test]
    public void Look_FileOfAnother_IsNoTroubleOfTheLog()
    {
        var now = Ours;
        var watch = new FileWatch(_ => now);
        watch.Add("alerts.db");
        now = Other;
        watch.Look();
        watch.Look();

        Assert.That(watch.LostOfLog, Is.Null);
        Assert.That(watch.Lost, Does.Contain("alerts.db was replaced"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Log_FolderRenamedAndBack_TakesNothingMeanwhileAndLosesNothing()
    {
        using var folder = new SqliteFolder();
        var data = folder.NewSubfolder();
        await using var log = await data.StartAsync();
        var ada = await LoggedStream.OpenAsync(log, "ada");
        ada.Append(3);
        await ada.CommittedAsync(3);
        var away = data.Path + "-away";

        Directory.Move(data.Path, away);
        log.Files.Look();
        Assert.That(log.Trouble, Is.Null, "seen once");
        log.Files.Look();
        Assert.That(log.Trouble, Does.Contain(data.Database).And.Contain("deleted or renamed"));
        Assert.That(ada.TryAppend(Noon), Is.EqualTo(AppendResult.Failed));

        Directory.Move(away, data.Path);
        log.Files.Look();
        log.Files.Look();

        // What the writer was about to try when the files came back has been tried when this is done.
        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(log.Trouble, Is.Null, "the trouble is over");
        ada.Append(2);
        await ada.CommittedAsync(5);
    }
}
