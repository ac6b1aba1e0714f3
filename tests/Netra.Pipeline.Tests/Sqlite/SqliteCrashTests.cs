using FsCheck;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// What a process leaves behind that ends at any moment: a copy of the files, taken while events are stored and deleted. The log that opens
/// it has every event that was said to be stored, and what it counts agrees with what it has.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class SqliteCrashTests
{
    private const int RunEvents = 10;
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [FsCheck.NUnit.Property(MaxTest = 8)]
    public async Task Start_AfterAnEndAtAnyMoment_HasAllThatWasStored(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var folder = _folder.NewSubfolder();
        await using var log = await folder.StartAsync(
            static options => options.TokenDelay = options.CriticalDelay = TimeSpan.FromMilliseconds(2));
        var streams = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => LoggedStream.OpenAsync(log, $"user-{i}")));
        using var stop = new CancellationTokenSource();
        var busy = Task.WhenAll(
            [.. streams.Select(stream => Task.Run(() => AppendAsync(stream, stop.Token))), Task.Run(() => ExpireAsync(log, stop.Token))]);
        var copies = new List<(SqliteFolder Copy, long[] Stored, long[] Taken)>();
        for (var i = 0; i < 4; i++)
        {
            var goal = streams[0].Committed + random.Next(1, 150);
            await Eventually.BecomesTrueAsync(() => streams[0].Committed >= goal, "events are committed");
            var stored = streams.Select(static s => s.Committed).ToArray();
            copies.Add((folder.Copy(), stored, [.. streams.Select(static s => s.Head)]));
        }

        await stop.CancelAsync();
        await busy;
        foreach (var (copy, stored, taken) in copies)
        {
            await using var next = await copy.StartAsync();
            for (var i = 0; i < streams.Length; i++)
            {
                var last = await CheckAsync(next, $"user-{i}");
                Assert.That(last, Is.InRange(stored[i], taken[i] + 1), "a number is counted as taken a moment after it is");
            }
        }
    }

    [FsCheck.NUnit.Property(MaxTest = 12)]
    public async Task Start_EndOfTheJournalIsMissing_HasWhatCameBefore(DoNotSize<int> seed)
    {
        var folder = _folder.NewSubfolder();
        var log = await folder.StartAsync(static options => options.TokenDelay = options.CriticalDelay = TimeSpan.Zero);
        var stream = await LoggedStream.OpenAsync(log, "user-0");
        for (var i = 0; i < 30; i++)
        {
            stream.TryAppend(Noon, padding: 300, run: RunOf(stream.Head + 1));
            await log.FindRunAsync(stream.Lease, "t", "none", CancellationToken.None);
        }

        var copy = folder.Copy();
        await log.DisposeAsync();
        await using (var journal = File.OpenWrite(copy.Database + "-wal"))
        {
            // What comes before it, the tables, the user and the claim, is there.
            journal.SetLength(new Random(seed.Item).NextInt64(journal.Length / 2, journal.Length));
        }

        await using var next = await copy.StartAsync();
        Assert.That(await CheckAsync(next, "user-0"), Is.InRange(1, 30));
    }

    /// <returns>The last number that is stored.</returns>
    private static async Task<long> CheckAsync(SqliteEventLog log, string userId)
    {
        var stream = await LoggedStream.OpenAsync(log, userId);
        var lease = stream.Lease;
        var last = lease.Skipped.Single().From - 1;
        Assert.That(lease.Head, Is.EqualTo(last + (1 << 20)));
        Assert.That((lease.Account.Accepted, lease.Account.Unaccounted, lease.Kept), Is.EqualTo((last, 0L, last - lease.ExpiredThrough)));
        var seqs = new List<long>();
        for (var next = lease.ExpiredThrough + 1; next <= last;)
        {
            var page = await log.ReadPageAsync(lease, new SeqRange(next, last), 16 * 1024, CancellationToken.None);
            Assert.That(page.Skipped, Is.Empty);
            seqs.AddRange(page.Events.Select(static e => e.Seq));
            next = page.Events[^1].Seq + 1;
        }

        Assert.That(seqs, Is.EqualTo(Enumerable.Range(0, (int)lease.Kept).Select(i => lease.ExpiredThrough + 1 + i)));
        var run = await log.FindRunAsync(lease, "t", RunOf(last).RunId, CancellationToken.None);
        var events = ((last - 1) % RunEvents) + 1;
        Assert.That(
            run is null ? lease.Kept == 0 : (run.Events, run.LastSeq) == (events, last),
            Is.True,
            $"the last run has {events} events up to {last}");
        Assert.That(stream.TryAppend(Noon), Is.EqualTo(AppendResult.Taken));
        await log.ReleaseAsync(lease, [], CancellationToken.None);
        return last;
    }

    private static async Task AppendAsync(LoggedStream stream, CancellationToken stop)
    {
        var run = RunOf(1);
        while (!stop.IsCancellationRequested)
        {
            run = stream.Head % RunEvents == 0 ? RunOf(stream.Head + 1) : run;
            Assert.That(stream.TryAppend(Noon + TimeSpan.FromSeconds(stream.Head), padding: 300, run: run), Is.EqualTo(AppendResult.Taken));
            if (stream.Head - stream.Committed > 50)
            {
                await stream.CommittedAsync(stream.Head - 20);
            }
        }
    }

    private static async Task ExpireAsync(SqliteEventLog log, CancellationToken stop)
    {
        for (var second = 0; !stop.IsCancellationRequested; second += 5)
        {
            await log.ExpireAsync(Noon + TimeSpan.FromSeconds(second), CancellationToken.None);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    private static LogRun RunOf(long seq) => new("t", $"r{(seq - 1) / RunEvents}", isEmbedded: true, "demo");
}
