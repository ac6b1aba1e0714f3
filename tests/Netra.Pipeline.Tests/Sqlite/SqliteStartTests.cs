using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>A log that cannot be opened says why and what to do, is reported once, and holds on to nothing.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteStartTests
{
    [Test]
    public async Task Start_MissingFolder_IsMade()
    {
        using var folder = new SqliteFolder();
        var inner = new SqliteFolder(Path.Combine(folder.Path, "a", "b"));

        await using var log = await inner.StartAsync();

        Assert.That(File.Exists(inner.Database), Is.True);
    }

    [Test]
    public void Start_FolderIsAFile_SaysSo()
    {
        using var folder = new SqliteFolder();
        File.WriteAllText(Path.Combine(folder.Path, "data"), "not a folder");

        AssertFails(
            new SqliteFolder(Path.Combine(folder.Path, "data"), folder.Reported), "its folder cannot be made", "Netra:DataDirectory");
    }

    [Test]
    public async Task Start_SecondTime_TheFirstHoldsIt()
    {
        using var folder = new SqliteFolder();
        await using (await folder.StartAsync())
        {
            AssertFails(folder, "another process holds it");
        }

        await using var next = await folder.StartAsync();
    }

    [Test]
    public void Start_NoDatabase_IsRefusedAndLeftAlone()
    {
        using var folder = new SqliteFolder();
        var bytes = Enumerable.Repeat((byte)'x', 8192).ToArray();
        File.WriteAllBytes(folder.Database, bytes);

        AssertFails(folder, "no SQLite database");
        Assert.That(File.ReadAllBytes(folder.Database), Is.EqualTo(bytes));
    }

    [Test]
    public void Start_DatabaseOfAnotherProgram_IsRefusedAndLeftAlone()
    {
        using var folder = new SqliteFolder();
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.Zero))
        {
            other.Execute("CREATE TABLE theirs(x)");
        }

        AssertFails(folder, "another program");
        using var again = SqliteDatabase.Open(folder.Database, readOnly: true, TimeSpan.Zero);
        Assert.That(again.QueryInt64("SELECT count(*) FROM sqlite_schema"), Is.EqualTo(1));
    }

    [Test]
    public async Task Start_NewerTables_NamesBothVersions()
    {
        using var folder = new SqliteFolder();
        await (await folder.StartAsync()).DisposeAsync();
        folder.Tamper("PRAGMA user_version = 99");

        AssertFails(folder, "version 99", $"up to {SqliteSchema.Migrations[^1].Version}");
    }

    [Test]
    public async Task Start_DamagedTables_IsRefused()
    {
        using var folder = new SqliteFolder();
        await (await folder.StartAsync()).DisposeAsync();
        await using (var file = File.OpenWrite(folder.Database))
        {
            file.Position = 8192;
            await file.WriteAsync(Enumerable.Repeat((byte)0xee, 8192 * 4).ToArray());
        }

        AssertFails(folder, "damaged");
    }

    [Test]
    public async Task Start_EventsThatDoNotFollowEachOther_IsRefused()
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            var stream = await LoggedStream.OpenAsync(log, "ada");
            stream.Append(10);
            await stream.CommittedAsync(10);
        }

        // As if they had not been saved, and one of them were gone.
        folder.Tamper(
            "UPDATE log SET watermark = 0, bytes = 0; UPDATE streams SET head_rowid = 0, head_seq = 0, rows = 0, accepted = 0; "
            + "DELETE FROM events WHERE seq = 5");

        AssertFails(folder, "damaged", "event 6");
    }

    [Test]
    public async Task Start_LockedByAnotherProgram_SaysSo()
    {
        using var folder = new SqliteFolder();
        await (await folder.StartAsync()).DisposeAsync();
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.Zero))
        {
            other.BeginWriting();
            AssertFails(folder, "another program holds a lock", "BusyTimeout");
        }

        await using var log = await folder.StartAsync();
    }

    [Test]
    public void Start_ReadOnlyFolder_SaysSo()
    {
        using var disk = SmallDisk.Mount("size=1m");
        disk.MakeReadOnly();

        AssertFails(new SqliteFolder(disk.Path), "cannot be written");
    }

    [Test]
    public async Task Start_ReadOnlyFile_SaysSo()
    {
        using var disk = SmallDisk.Mount("size=4m");
        var folder = new SqliteFolder(Path.Combine(disk.Path, "data"));
        await (await folder.StartAsync()).DisposeAsync();
        disk.MakeReadOnly();

        AssertFails(folder, "cannot be written");
    }

    [Test]
    public async Task Start_FullDisk_SaysSoAndWorksOnceThereIsRoom()
    {
        using var disk = SmallDisk.Mount("size=4m");
        var folder = new SqliteFolder(Path.Combine(disk.Path, "data"));
        Directory.CreateDirectory(folder.Path);
        disk.Fill();

        AssertFails(folder, "disk");
        disk.MakeRoom();
        await using var log = await folder.StartAsync();
    }

    private static void AssertFails(SqliteFolder folder, params string[] texts)
    {
        var reported = folder.Reported.Feed.Total;
        var log = folder.Create(static options => options.BusyTimeout = TimeSpan.Zero);

        var failure = Assert.ThrowsAsync<SendFailureException>(async () => await log.StartAsync(CancellationToken.None))!;

        Assert.That(failure.Code, Is.EqualTo(FailureCode.LogFailed));
        Assert.That(failure.Message, Does.Contain(folder.Database));
        foreach (var text in texts)
        {
            Assert.That(failure.Message, Does.Contain(text));
        }

        Assert.That(folder.Reported.Feed.Total, Is.EqualTo(reported + 1));
    }
}
