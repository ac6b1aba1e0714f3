using FsCheck;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// What a log knows of threads.
internal abstract partial class EventLogComplianceTests
{
    private static readonly string[] ThreadIds = ["t1", "a b/c?d#%25", "Ünïcode 🧵", ".."];

    // Enough for what retention has to delete at once, and for marks in between.
    [FsCheck.NUnit.Property(MaxTest = 25)]
    public async Task Threads_AnyMixture_AreReadAsAListWouldBe(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (kept, runs) = (new List<(long Seq, string Thread)>(), ThreadIds.Select(static id => RunOf(id, "r")).ToArray());
        for (var rounds = random.Next(1, 6); rounds > 0; rounds--)
        {
            var busy = random.Next(1, ThreadIds.Length + 1);
            for (var n = random.Next(1, 300); n > 0; n--)
            {
                var i = random.Next(busy);
                var isOutside = random.Next(10) == 0;
                var at = Noon + TimeSpan.FromSeconds(stream.Head + 1);
                Take(stream.TryAppend(at, run: isOutside ? null : runs[i], thread: isOutside ? new EventThread(ThreadIds[i]) : null));
                kept.Add((stream.Head, ThreadIds[i]));
                runs[i] = random.Next(100) == 0 ? RunOf(ThreadIds[i], $"r{stream.Head}") : runs[i];
            }

            await stream.CommittedAsync(stream.Head);
            if (random.Next(2) == 0)
            {
                var through = random.NextInt64(0, stream.Head + 1);
                await log.ExpireAsync(Noon + TimeSpan.FromSeconds(through) + TimeSpan.FromMilliseconds(1), CancellationToken.None);
                kept.RemoveAll(e => e.Seq <= through);
            }

            if (random.Next(3) == 0)
            {
                await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
                stream = await LoggedStream.OpenAsync(log, "ada");
            }

            foreach (var thread in ThreadIds)
            {
                var after = random.Next(3) == 0 ? random.NextInt64(0, stream.Head + 1) : 0;
                var read = await ReadThreadAsync(log, stream, thread, after, random.Next(1, 100), random.Next(1, 4000));
                var wanted = kept.Where(e => e.Thread == thread).Select(static e => e.Seq).ToList();
                Assert.That(read, wanted.Count == 0 ? Is.Null : Is.EqualTo(wanted.Where(seq => seq > after)), thread);
            }

            var listed = kept.GroupBy(static e => e.Thread, static e => e.Seq).Select(static t => (t.Key, t.Max()))
                .OrderByDescending(static t => t.Item2);
            Assert.That(await ListThreadsAsync(log, stream, random.Next(1, 5)), Is.EqualTo(listed));
        }
    }

    [Test]
    public async Task Threads_Listed_HaveTheirLastEventAndOpenRuns()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (open, ended, other) = (RunOf("t", "open"), RunOf("t", "ended"), RunOf("t2", "open"));
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: open);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: ended);
        stream.TryAppend(Noon, type: EventType.AgentCompleted, run: ended);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: other);
        stream.TryAppend(Noon + TimeSpan.FromSeconds(1), type: EventType.AgentThinking, run: open);
        stream.TryAppend(Noon);
        await stream.CommittedAsync(6);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");

        var page = await log.Threads.ListAsync(stream.Lease, long.MaxValue, 10, CancellationToken.None);

        Assert.That(page.Next, Is.Null);
        Assert.That(
            page.Threads.Select(static t => (t.ThreadId, t.Title, t.LastSeq, t.LastType, t.LastAt)),
            Is.EqualTo(new[]
            {
                ("t", (string?)null, 5L, EventType.AgentThinking, Noon + TimeSpan.FromSeconds(1)),
                ("t2", null, 4L, EventType.AgentStarted, Noon),
            }));
        Assert.That(page.Threads.Select(static t => t.OpenRuns), Is.EqualTo(new[] { new[] { "open" }, ["open"] }));
        var bob = await LoggedStream.OpenAsync(log, "bob");
        Assert.That((await log.Threads.ListAsync(bob.Lease, long.MaxValue, 10, CancellationToken.None)).Threads, Is.Empty);
        Assert.That(await log.Threads.ReadAsync(bob.Lease, "t", 0, 10, Large, CancellationToken.None), Is.Null, "a thread is its user's");
    }

    [Test]
    public async Task Threads_Titles_TheLastOneGivenElseTheFirstMessage()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        foreach (var (thread, title, isMakeshift) in new[]
        {
            ("named", "a message", true),
            ("named", "First", false),
            ("named", "another message", true),
            ("named", "Second", false),
            ("asked", "What is it?", true),
            ("asked", "And then?", true),
            ("bare", null, false),
        })
        {
            stream.TryAppend(Noon, thread: new EventThread(thread) { Title = title, IsMakeshift = isMakeshift });
        }

        await stream.CommittedAsync(7);

        var page = await log.Threads.ListAsync(stream.Lease, long.MaxValue, 10, CancellationToken.None);
        Assert.That(
            page.Threads.Select(static t => (t.ThreadId, t.Title)),
            Is.EqualTo(new[] { ("bare", null), ("asked", "What is it?"), ("named", "Second") }));

        await log.ExpireAsync(Noon + TimeSpan.FromSeconds(1), CancellationToken.None);
        stream.TryAppend(Noon + TimeSpan.FromHours(1), thread: new EventThread("named"));
        await stream.CommittedAsync(8);
        page = await log.Threads.ListAsync(stream.Lease, long.MaxValue, 10, CancellationToken.None);
        Assert.That(
            page.Threads.Select(static t => (t.ThreadId, t.Title)), Is.EqualTo(new[] { ("named", (string?)null) }), "it began anew");
    }

    private static LogRun RunOf(string thread, string run) => new(thread, run, isEmbedded: false, agentName: null);

    private static void Take(AppendResult result) => Assert.That(result, Is.EqualTo(AppendResult.Taken));

    private static async Task<List<long>?> ReadThreadAsync(
        IEventLog log, LoggedStream stream, string thread, long after, int limit, int maxBytes)
    {
        var seqs = new List<long>();
        for (long? next = after; next is { } from;)
        {
            if (await log.Threads.ReadAsync(stream.Lease, thread, from, limit, maxBytes, CancellationToken.None) is not { } page)
            {
                return null;
            }

            Assert.That(page.Events, Has.Count.AtMost(limit));
            Assert.That(page.Events.Skip(1).Sum(static e => e.Buffer.Length), Is.LessThanOrEqualTo(maxBytes));
            Assert.That(page.Events.Select(static e => e.Buffer), Is.EqualTo(page.Events.Select(e => LoggedStream.BufferOf("ada", e.Seq))));
            seqs.AddRange(page.Events.Select(static e => e.Seq));
            next = page.Next;
        }

        return seqs;
    }

    private static async Task<List<(string Thread, long LastSeq)>> ListThreadsAsync(IEventLog log, LoggedStream stream, int limit)
    {
        var threads = new List<(string, long)>();
        for (long? next = long.MaxValue; next is { } before;)
        {
            var page = await log.Threads.ListAsync(stream.Lease, before, limit, CancellationToken.None);
            Assert.That(page.Threads, Has.Count.AtMost(limit));
            threads.AddRange(page.Threads.Select(static t => (t.ThreadId, t.LastSeq)));
            next = page.Next;
        }

        return threads;
    }
}
