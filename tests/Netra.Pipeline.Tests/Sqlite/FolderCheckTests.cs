using System.Buffers.Binary;
using System.Globalization;
using FsCheck;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// Bytes that change on the disk are found by whatever reads them: it has the right event, or says that the file is damaged. What a reader
/// finds, the check finds too. <c>NETRA_CHANGED_BYTES</c> changes more of them.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class FolderCheckTests
{
    private const int Events = 300;

    // How many bytes each case changes, one after the other.
    private static readonly int BytesEach = int.TryParse(
        Environment.GetEnvironmentVariable("NETRA_CHANGED_BYTES"), CultureInfo.InvariantCulture, out var bytes) ? bytes : 1;

    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();
    private readonly SqliteFolder _whole;
    private long[] _pages = [];

    public FolderCheckTests() => _whole = _folder.NewSubfolder();

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        await using (var log = await _whole.StartAsync())
        {
            foreach (var user in new[] { "ada", "bob" })
            {
                var stream = await LoggedStream.OpenAsync(log, user);
                for (var i = 0; i < Events; i++)
                {
                    stream.TryAppend(
                        Noon, padding: i % 20 == 0 ? 20_000 : 400, run: new LogRun("t", $"r{i / 50}", isEmbedded: false, "demo"));
                }

                await stream.CommittedAsync(Events);
                await log.ReleaseAsync(stream.Lease, [new SeqRange(1, 100)], CancellationToken.None);
            }
        }

        _pages = EventPages(_whole.Database);
    }

    [OneTimeTearDown]
    public void DeleteFolder()
    {
        _whole.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Check_WholeFolder_FindsNothing()
    {
        var file = FolderCheck.Check(_whole.Path, CancellationToken.None).Single();

        Assert.That((file.Name, file.Summary), Is.EqualTo(("netra.db", $"{2 * Events} events of 2 streams")));
        Assert.That(file.Problems, Is.Empty);
    }

    [Test]
    public async Task Check_FolderOfAServerThatEndsAtThisMoment_FindsNothing()
    {
        var folder = _folder.NewSubfolder();
        await using var log = await folder.StartAsync();
        var ada = await LoggedStream.OpenAsync(log, "ada");
        ada.Append(100, Noon);
        await ada.CommittedAsync(100);

        Assert.That(FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems, Is.Empty, "while it is at work");
        Assert.That(FolderCheck.Check(folder.Copy().Path, CancellationToken.None).Single().Problems, Is.Empty);
    }

    [TestCase("DELETE FROM events WHERE seq = 150", "names row")]
    [TestCase("DELETE FROM marks WHERE seq = 128", "without the mark")]
    [TestCase("UPDATE streams SET rows = rows - 1, accepted = accepted - 1", "counts 299 events")]
    [TestCase("UPDATE streams SET expired = 5", "no accounted outcome")]
    [TestCase("UPDATE streams SET acked_kept = 99, expired = 1, rows = 300, accepted = 300", "counts 99 acknowledged")]
    [TestCase("UPDATE events SET payload = x'00' WHERE seq = 7", "not as it was stored")]
    [TestCase("DELETE FROM runs WHERE run = 'r3'", "runs that are not there")]
    [TestCase("UPDATE log SET bytes = bytes + 1", "bytes of events")]
    [TestCase(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'gone_erased', 'gone_erasee') WHERE name = 'log'",
        "the description of log")]
    public void Check_SomethingDoesNotFit_IsFound(string tampering, string expected)
    {
        var folder = Clone();
        folder.Tamper(tampering);

        Assert.That(
            FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems, Has.Some.Contains(expected), "what does not fit");
    }

    // The check used to end there, with an exception instead of what it had found.
    [Test]
    public async Task Check_BitOfAStreamsRowidChanged_SaysWhichIsThereTwice()
    {
        var folder = _folder.NewSubfolder();
        await using (var log = await folder.StartAsync())
        {
            foreach (var user in new[] { "ada", "bob", "eve" })
            {
                var stream = await LoggedStream.OpenAsync(log, user);
                stream.Append(1, Noon);
                await stream.CommittedAsync(1);
            }
        }

        var bytes = await File.ReadAllBytesAsync(folder.Database);
        var page = (int)(folder.Query("SELECT rootpage FROM sqlite_schema WHERE name = 'streams'") - 1) * 8192;

        // The third row of a leaf: the length of its payload, a number of 7 bits a byte, and its rowid.
        var at = page + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(page + 8 + (2 * sizeof(ushort))));
        while (bytes[at++] >= 0x80)
        {
        }

        Assert.That(bytes[at], Is.EqualTo(3));
        bytes[at] = 2;
        await File.WriteAllBytesAsync(folder.Database, bytes);

        Assert.That(FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems, Has.Some.EqualTo("stream 2 is there twice"));
    }

    [Test]
    public async Task Check_DocumentThatIsNone_IsSaid()
    {
        var folder = _folder.NewSubfolder();
        await using (await folder.StartAsync())
        {
        }

        using (var alerts = SqliteDatabase.Open(Path.Combine(folder.Path, "alerts.db"), readOnly: false, TimeSpan.FromSeconds(5)))
        {
            alerts.Execute(
                $"PRAGMA application_id = {SqliteSchema.ApplicationId}; CREATE TABLE documents(kind INTEGER, id TEXT, json TEXT); "
                + "INSERT INTO documents VALUES(1, 'gone', NULL)");
        }

        Assert.That(FolderCheck.Check(folder.Path, CancellationToken.None)[0].Problems, Is.Not.Empty);
    }

    [Test]
    public void Check_FolderOfAVersionThatWroteItsTablesOtherwise_FindsNothing()
    {
        var folder = Clone();
        folder.Tamper(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(stream', '(' || char(10) || 'stream') "
            + "WHERE name = 'marks'");

        Assert.That(FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems, Is.Empty);
    }

    [Test]
    public async Task Expire_EventThatShouldBecomeADeadLetterIsDamaged_GoesOnAndSaysIt()
    {
        var folder = _folder.NewSubfolder();
        await using (var log = await folder.StartAsync())
        {
            var ada = await LoggedStream.OpenAsync(log, "ada");
            for (var i = 0; i < 3; i++)
            {
                ada.TryAppend(Noon, type: EventType.AgentStarted);
            }

            await ada.CommittedAsync(3);
        }

        folder.Tamper("UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'ada', 'eve') AS BLOB) WHERE seq = 2");
        var before = folder.Reported.Counted(FailureCode.LogFailed);
        await using var again = await folder.StartAsync();

        var expired = (await again.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None)).Single();

        Assert.That((expired.Events, expired.DeadLettered, expired.Lost), Is.EqualTo((3, 2, 1)));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(before + 1));
        Assert.That(again.Resting.Unaccounted, Is.Zero);
    }

    [FsCheck.NUnit.Property(MaxTest = 20)]
    public async Task Read_BytesOfEventPagesChanged_IsRightOrSaysThatItIsDamaged(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var folder = Clone();
        Flip(folder.Database, random);

        var isDamaged = false;
        try
        {
            await using var log = await folder.StartAsync();
            foreach (var user in new[] { "ada", "bob" })
            {
                isDamaged |= !await ReadsAsync(log, user);
            }
        }
        catch (SendFailureException)
        {
            // It does not start, and says why.
            isDamaged = true;
        }

        Assert.That(!isDamaged || folder.Reported.Counted(FailureCode.LogFailed) > 0, Is.True, "it is reported at CRITICAL");
        if (isDamaged)
        {
            Assert.That(FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems, Is.Not.Empty);
        }
    }

    // Wherever the byte lies: what readers get is what was stored, and what the check calls well has every event as it was stored.
    [FsCheck.NUnit.Property(MaxTest = 20)]
    public async Task Read_AnyByteOfTheFileChanged_IsRightOrFound(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        for (var i = 0; i < BytesEach; i++)
        {
            await ShouldBeFoundAsync(random.NextInt64(new FileInfo(_whole.Database).Length), random);
        }
    }

    private async Task ShouldBeFoundAsync(long at, Random random)
    {
        var folder = Clone();
        Flip(folder.Database, at, random);
        var problems = FolderCheck.Check(folder.Path, CancellationToken.None).Single().Problems;
        if (problems.Count == 0)
        {
            Assert.That(EventsOf(folder), Is.EqualTo(EventsOf(_whole)), "a folder that is called well has what was stored");
        }

        try
        {
            await using var log = await folder.StartAsync();
            foreach (var user in new[] { "ada", "bob" })
            {
                Assert.That(
                    await ReadsAsync(log, user) || problems.Count > 0, Is.True, $"what a reader misses, the check has found: byte {at}");
            }
        }
        catch (SendFailureException exception)
        {
            Assert.That(problems, Is.Not.Empty, $"byte {at}: it does not start: {exception.Message}");
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    private static List<string> EventsOf(SqliteFolder folder)
    {
        using var database = SqliteDatabase.Open(folder.Database, readOnly: true, TimeSpan.FromSeconds(5));
        using var rows = new SqliteStatement(
            database, "SELECT rowid, stream, seq, prev, type, run, at, hex(payload) FROM events ORDER BY rowid");
        var events = new List<string>();
        while (rows.Step())
        {
            events.Add(string.Join(',', Enumerable.Range(0, 8).Select(rows.Text)));
        }

        return events;
    }

    private SqliteFolder Clone()
    {
        var folder = _folder.NewSubfolder();
        Directory.CreateDirectory(folder.Path);
        File.Copy(_whole.Database, folder.Database);
        return folder;
    }

    /// <returns>Whether all was read; false when it was said that the file is damaged.</returns>
    private static async Task<bool> ReadsAsync(SqliteEventLog log, string user)
    {
        var lease = (await LoggedStream.OpenUnclaimedAsync(log, user)).Lease;
        var isWhole = lease.Head >= Events && lease.ExpiredThrough == 0;
        foreach (var range in new[] { new SeqRange(1, Events), new SeqRange(40, 41), new SeqRange(120, 260), new SeqRange(290, Events) })
        {
            for (var next = range.From; next <= range.To;)
            {
                try
                {
                    var page = await log.ReadPageAsync(lease, new SeqRange(next, range.To), 30_000, CancellationToken.None);
                    if (page.Events.Count == 0)
                    {
                        // A stream that says that it has fewer.
                        isWhole = false;
                        break;
                    }

                    Assert.That(
                        page.Events.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(0, page.Events.Count).Select(i => next + i)));
                    foreach (var read in page.Events)
                    {
                        Assert.That(
                            read.Buffer,
                            Is.EqualTo(LoggedStream.BufferOf(user, read.Seq, (read.Seq - 1) % 20 == 0 ? 20_000 : 400)),
                            $"{user} {read.Seq}");
                    }

                    next = page.Events[^1].Seq + 1;
                }
                catch (SendFailureException exception)
                {
                    Assert.That(exception.Message, Does.Contain("damaged").Or.Contain("malformed").Or.Contain("SQLite"));
                    isWhole = false;
                    next = range.To + 1;
                }
            }
        }

        return isWhole;
    }

    private void Flip(string database, Random random)
    {
        using var file = File.OpenHandle(database, FileMode.Open, FileAccess.ReadWrite);
        for (var i = 0; i < random.Next(1, 4); i++)
        {
            Flip(file, ((_pages[random.Next(_pages.Length)] - 1) * 8192) + random.Next(8192), random);
        }
    }

    private static void Flip(string database, long at, Random random)
    {
        using var file = File.OpenHandle(database, FileMode.Open, FileAccess.ReadWrite);
        Flip(file, at, random);
    }

    private static void Flip(Microsoft.Win32.SafeHandles.SafeFileHandle file, long at, Random random)
    {
        var bytes = new byte[1];
        RandomAccess.Read(file, bytes, at);
        bytes[0] ^= (byte)(1 << random.Next(8));
        RandomAccess.Write(file, bytes, at);
    }

    // The pages of the table's tree, and those that its rows flow over to.
    private long[] EventPages(string database)
    {
        var bytes = File.ReadAllBytes(database);
        var pages = new SortedSet<long>();
        Walk(_whole.Query("SELECT rootpage FROM sqlite_schema WHERE name = 'events'"));
        var tree = pages.ToArray();
        for (var page = 1L; page <= bytes.Length / 8192; page++)
        {
            // An overflow page begins with the number of another one, and has the padding of a large event.
            if (bytes[(page - 1) * 8192] == 0 && bytes.AsSpan((int)((page - 1) * 8192) + 4000, 100).IndexOfAnyExcept((byte)' ') < 0)
            {
                pages.Add(page);
            }
        }

        Assert.That((tree.Length, pages.Count - tree.Length), Is.Not.EqualTo((0, 0)), "there are pages");
        return [.. pages];

        void Walk(long page)
        {
            pages.Add(page);
            var start = (int)((page - 1) * 8192);
            if (bytes[start] != 5)
            {
                return;
            }

            for (var cell = 0; cell < BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(start + 3)); cell++)
            {
                var at = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(start + 12 + (2 * cell)));
                Walk(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(start + at)));
            }

            Walk(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(start + 8)));
        }
    }
}
