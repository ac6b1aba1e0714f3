using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>Marks name the runs of the events before them, whatever has happened in between; where they do not, the runs say it.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteThreadsTests
{
    private const int EventsPerRun = 40;

    [Test]
    public async Task Threads_StoredByAnOlderVersion_AreFoundByTheirRuns([Values(500, 512, 63)] int old, [Values(1, 7, 200)] int limit)
    {
        using var folder = new SqliteFolder();
        var threads = new Dictionary<string, List<long>>(StringComparer.Ordinal);
        await using (var log = await folder.StartAsync())
        {
            var stream = await AppendAsync(log, threads, old, isOutside: false);
            await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        }

        folder.Tamper("UPDATE marks SET runs = NULL; UPDATE streams SET mark_runs = NULL");
        await using var newer = await folder.StartAsync();
        await CheckAsync(newer, await LoggedStream.OpenAsync(newer, "ada"), threads, limit);

        var appended = await AppendAsync(newer, threads, 300, isOutside: true);
        await newer.ReleaseAsync(appended.Lease, [], CancellationToken.None);
        await CheckAsync(newer, await LoggedStream.OpenAsync(newer, "ada"), threads, limit);
        Assert.That(
            folder.Query("SELECT count(*) FROM marks WHERE runs IS NULL"), Is.EqualTo((old / 64) + 1), "and the first one above them");
    }

    [Test]
    public async Task Threads_AfterACrash_AreFound([Values(1, 63, 200)] int events)
    {
        using var folder = new SqliteFolder();
        var threads = new Dictionary<string, List<long>>(StringComparer.Ordinal);
        await using var log = await folder.StartAsync(static options => options.SaveInterval = TimeSpan.FromHours(1));
        await AppendAsync(log, threads, events, isOutside: true);

        var copy = folder.Copy();
        await using var next = await copy.StartAsync();
        await CheckAsync(next, await LoggedStream.OpenAsync(next, "ada"), threads, limit: 10);
        await AppendAsync(next, threads, 200, isOutside: true);

        await CheckAsync(next, await LoggedStream.OpenAsync(next, "ada"), threads, limit: 10);
        Assert.That(copy.Query("SELECT count(*) FROM marks WHERE runs IS NULL"), Is.Zero);
    }

    // Three threads, one of them seldom, and another run every so often; the first thread has no events after a while.
    private static async Task<LoggedStream> AppendAsync(
        SqliteEventLog log, Dictionary<string, List<long>> threads, int count, bool isOutside)
    {
        var stream = await LoggedStream.OpenAsync(log, "ada");
        for (var i = 0; i < count; i++)
        {
            var thread = i % 50 == 7 ? "seldom" : i < 100 && i % 3 == 0 ? "early" : "busy";
            var run = new LogRun(thread, $"r{stream.Head / EventsPerRun}", isEmbedded: false, agentName: null);
            var answer = isOutside && i % 11 == 0
                ? stream.TryAppend(default, thread: new EventThread(thread))
                : stream.TryAppend(default, type: i % 97 == 0 ? EventType.AgentThinking : EventType.Token, run: run);
            Assert.That(answer, Is.EqualTo(AppendResult.Taken));
            if (!threads.TryGetValue(thread, out var seqs))
            {
                threads.Add(thread, seqs = []);
            }

            seqs.Add(stream.Head);
        }

        await stream.CommittedAsync(stream.Head);
        return stream;
    }

    private static async Task CheckAsync(SqliteEventLog log, LoggedStream stream, Dictionary<string, List<long>> threads, int limit)
    {
        foreach (var (thread, seqs) in threads)
        {
            var read = new List<long>();
            for (long? next = 0; next is { } after;)
            {
                var page = await log.Threads.ReadAsync(stream.Lease, thread, after, limit, 4096, CancellationToken.None);
                read.AddRange(page!.Events.Select(static e => e.Seq));
                next = page.Next;
            }

            Assert.That(read, Is.EqualTo(seqs), thread);
        }

        var listed = new List<(string, long)>();
        for (long? next = long.MaxValue; next is { } before;)
        {
            var page = await log.Threads.ListAsync(stream.Lease, before, limit, CancellationToken.None);
            listed.AddRange(page.Threads.Select(static t => (t.ThreadId, t.LastSeq)));
            next = page.Next;
        }

        Assert.That(listed, Is.EqualTo(threads.Select(static t => (t.Key, t.Value[^1])).OrderByDescending(static t => t.Item2)));
    }
}
