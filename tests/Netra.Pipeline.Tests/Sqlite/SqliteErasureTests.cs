using System.Text;
using FsCheck;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// Of a user who was erased the files have no byte: neither in the tables, nor in the write-ahead log, nor in free pages; however the
/// process ended meanwhile. All others are as they were.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class SqliteErasureTests
{
    private const string User = "ada-unforgettable-7f31";
    private const string Thread = "thread-unforgettable-9c02";
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Erase_AmongOthers_LeavesNoByteOfTheUserAndAllOfTheOthers()
    {
        var folder = _folder.NewSubfolder();
        var log = await folder.StartAsync(static options => options.RetainedBytes = 400 * 1024);
        await FillAsync(log, events: 3_000);
        Assert.That(FilesWith(folder.Path, User), Is.Not.Empty);
        var before = await ReadAsync(log, "bob");

        var account = await log.EraseAsync(User, CancellationToken.None);
        await log.CompleteErasureAsync(User, CancellationToken.None);

        Assert.That(account.Accepted, Is.EqualTo(3_000));
        Assert.That(account.Unaccounted, Is.Zero);
        Assert.That(FilesWith(folder.Path, User), Is.Empty);
        Assert.That(FilesWith(folder.Path, Thread), Is.Empty);
        Assert.That(FilesWith(folder.Path, "ada's words"), Is.Empty);
        Assert.That(await ReadAsync(log, "bob"), Is.EqualTo(before));
        Assert.That(log.Resting.Unaccounted, Is.Zero);
        await log.DisposeAsync();
        Assert.That(
            folder.Query("SELECT count(*) FROM events WHERE stream NOT IN (SELECT id FROM streams)")
            + folder.Query("SELECT count(*) FROM runs WHERE stream NOT IN (SELECT id FROM streams)")
            + folder.Query("SELECT count(*) FROM keys WHERE stream NOT IN (SELECT id FROM streams)")
            + folder.Query("SELECT count(*) FROM audit WHERE stream NOT IN (SELECT id FROM streams)")
            + folder.Query("SELECT count(*) FROM erasures"),
            Is.Zero);
    }

    [FsCheck.NUnit.Property(MaxTest = 3)]
    public async Task Start_AfterAnEndInTheMiddleOfAnErasure_CompletesIt(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var folder = _folder.NewSubfolder();
        await using var log = await folder.StartAsync(static options => options.RetainedBytes = 400 * 1024);
        await FillAsync(log, events: 5_000);
        var bob = await ReadAsync(log, "bob");
        var begun = log.EraseAsync(User, CancellationToken.None).AsTask();
        var ending = EndAsync();
        var copies = new List<SqliteFolder>();
        while (!ending.IsCompleted && copies.Count < 6)
        {
            copies.Add(folder.Copy());
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 40)), TimeProvider.System);
        }

        await ending;
        var account = log.Resting;
        foreach (var copy in copies)
        {
            await using var next = await copy.StartAsync();
            foreach (var user in await next.ReadErasuresAsync(CancellationToken.None))
            {
                await next.EraseAsync(user, CancellationToken.None);
                await next.CompleteErasureAsync(user, CancellationToken.None);
            }

            if (await next.KnowsUserAsync(User, CancellationToken.None))
            {
                // The process had ended before it began.
                continue;
            }

            Assert.That(FilesWith(copy.Path, User).Concat(FilesWith(copy.Path, Thread)), Is.Empty);
            Assert.That(next.Resting, Is.EqualTo(account));
            Assert.That(await ReadAsync(next, "bob"), Is.EqualTo(bob));
        }

        async Task EndAsync()
        {
            await begun;
            await log.CompleteErasureAsync(User, CancellationToken.None);
        }
    }

    // Everything that a log keeps of a user, some of it deleted by retention before.
    private static async Task FillAsync(SqliteEventLog log, int events)
    {
        var streams = await Task.WhenAll(new[] { "bob", User, "carl" }.Select(user => LoggedStream.OpenAsync(log, user)));
        foreach (var stream in streams)
        {
            var isErased = stream.Lease.UserId == User;
            for (var i = 0; i < events; i++)
            {
                var thread = isErased ? Thread : "t";
                var key = i % 10 == 0 ? new PublishKey((UInt128)(i + ((isErased ? 1 : 2) * 1_000_000)), 1, DateTimeOffset.MaxValue) : null;
                var isQuestion = i % 100 == 99;
                while (stream.TryAppend(
                    Noon,
                    padding: 100 + (i % 7 == 0 ? 9_000 : 0),
                    type: isQuestion ? EventType.RunWaiting : i % 50 == 0 ? EventType.AgentStarted : EventType.Token,
                    run: i % 3 == 0 ? null : new LogRun(thread, $"{thread}-run-{i / 50}", isEmbedded: true, "demo"),
                    key: key,
                    thread: i % 3 == 0 ? new EventThread(thread + (i / 200)) { Title = isErased ? "ada's words" : "b" } : null,
                    question: isQuestion && i % 3 != 0 ? new LogQuestion($"q{i}", RequestKind.Text, isErased ? "ada's words" : "b") : null)
                    != AppendResult.Taken)
                {
                    await Task.Yield();
                }

                key?.Settle(EventStatus.Queued);
            }

            await stream.CommittedAsync(events);
            log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c-1", Noon, 0, 5, 5, 3));
        }

        await log.ExpireAsync(Noon, CancellationToken.None);
        await log.Commands.AddAsync(
            "k-1",
            new NewCommand(CommandKind.ChatMessage, User, Thread, Encoding.UTF8.GetBytes("ada's words")) { Publisher = "p" },
            CancellationToken.None);
        foreach (var stream in streams)
        {
            await log.DeadLetters.AddAsync(stream.Lease, [events, events - 1], 3, Noon, CancellationToken.None);
            await log.ReleaseAsync(stream.Lease, [new SeqRange(1, events - 10)], CancellationToken.None);
        }
    }

    private static async Task<(StreamAccount Account, string Seqs)> ReadAsync(SqliteEventLog log, string user)
    {
        var stream = await LoggedStream.OpenUnclaimedAsync(log, user);
        var seqs = new List<long>();
        for (var next = stream.Lease.ExpiredThrough + 1; next <= stream.Lease.Head;)
        {
            var page = await log.ReadPageAsync(stream.Lease, new SeqRange(next, stream.Lease.Head), 1 << 20, CancellationToken.None);
            if (page.Events.Count == 0)
            {
                break;
            }

            seqs.AddRange(page.Events.Select(static e => e.Seq));
            next = seqs[^1] + 1;
        }

        await log.ReleaseAsync(stream.Lease, stream.Lease.Acknowledged, CancellationToken.None);
        return (stream.Lease.Account, string.Join(',', seqs));
    }

    private static IEnumerable<string> FilesWith(string folder, string text)
        => Directory.EnumerateFiles(folder, "*", SearchOption.TopDirectoryOnly)
            .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
}
