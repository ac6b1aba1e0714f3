using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads a stream's threads: finds the blocks of numbers in which a thread has events, and among the events of those its own. Belongs to
/// one connection, and must be used within one transaction of it.
/// </summary>
/// <remarks>
/// A row of <c>thread_blocks</c> is a promise that the thread had an event in its block, or, where an older version's events were
/// found by their runs, in the first and the last one of the blocks that it speaks for. Some are kept a little longer than the
/// events, and some are newer than the head that a reader knows: what counts is the events.
/// </remarks>
internal sealed class ThreadReader(SqliteDatabase database, EventReader events)
{
    // Some tens of milliseconds: many users may ask at once, and few threads read.
    private const int MaxWalked = 16 * 1024;

    private readonly SqliteStatement _find = database.Prepare("SELECT id FROM threads WHERE stream = ?1 AND thread = ?2");
    private readonly SqliteStatement _thread = database.Prepare("SELECT thread, title FROM threads WHERE id = ?1");
    private readonly SqliteStatement _latest = database.Prepare(
        "SELECT block, thread FROM thread_blocks WHERE stream = ?1 ORDER BY block DESC");

    private readonly SqliteStatement _blocks = database.Prepare(
        "SELECT first, block FROM thread_blocks WHERE stream = ?1 AND block >= ?2 AND thread = ?3 ORDER BY block");

    private readonly SqliteStatement _row = database.Prepare("SELECT run, type, at FROM events WHERE rowid = ?1");
    private readonly SqliteStatement _threadOfRun = database.Prepare(
        "SELECT t.id FROM runs AS r JOIN threads AS t ON t.stream = r.stream AND t.thread = r.thread WHERE r.id = ?1 AND r.stream = ?2");

    private readonly SqliteStatement _openRuns = database.Prepare(
        "SELECT run FROM runs WHERE stream = ?1 AND thread = ?2 AND terminal_seq = 0 ORDER BY id LIMIT ?3");

    // By the key of the run's row, for one call.
    private readonly Dictionary<long, long> _threadsOfRuns = [];

    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public ThreadPage List(in StreamView stream, StorageClock clock, long before, int limit)
    {
        _threadsOfRuns.Clear();
        var (page, seen, wanted, walked) = (new List<ThreadSummary>(), new HashSet<long>(), new HashSet<long>(), 0);
        using var rows = _latest.Bind(1, stream.Id).Query();
        for (var isThere = rows.Next(); isThere;)
        {
            wanted.Clear();
            var block = _latest.Int64(0);
            for (; isThere && _latest.Int64(0) == block; isThere = rows.Next())
            {
                if (!seen.Contains(_latest.Int64(1)))
                {
                    wanted.Add(_latest.Int64(1));
                }
            }

            var numbers = ThreadTable.NumbersOf(block);
            if (numbers.From >= before)
            {
                // Their last events are too high, whichever they are.
                seen.UnionWith(wanted);
            }
            else if (wanted.Count > 0)
            {
                walked += EventTable.MarkEvery;
                foreach (var (rowid, seq, _) in events.FindRows(stream, numbers, out _))
                {
                    var row = ReadRow(stream.Id, rowid);
                    if (!wanted.Remove(row.Thread))
                    {
                        continue;
                    }

                    seen.Add(row.Thread);
                    if (seq >= before)
                    {
                        continue;
                    }

                    if (page.Count == limit)
                    {
                        return new ThreadPage(page, page[^1].LastSeq);
                    }

                    page.Add(Read(stream.Id, row, seq, clock));
                }
            }

            if (walked >= MaxWalked && page.Count > 0)
            {
                return new ThreadPage(page, page[^1].LastSeq);
            }
        }

        return new ThreadPage(page, Next: null);
    }

    /// <inheritdoc cref="List"/>
    public ThreadEvents? ReadPage(in StreamView stream, string threadId, long after, int limit, int maxBytes)
    {
        if (FindThread(stream.Id, threadId) is not { } thread)
        {
            return null;
        }

        _threadsOfRuns.Clear();
        var (page, bytes, walked) = (new List<StoredEvent>(), 0, 0);
        using var rows = _blocks.Bind(1, stream.Id).Bind(2, ThreadTable.BlockOf(after + 1)).Bind(3, thread).Query();
        while (rows.Next())
        {
            var last = ThreadTable.NumbersOf(_blocks.Int64(1)).To;
            for (var next = Math.Max(after + 1, ThreadTable.NumbersOf(_blocks.Int64(0)).From); next <= last;)
            {
                var path = events.FindRows(stream, new SeqRange(next, last), out var through);
                for (var i = path.Count - 1; i >= 0; i--)
                {
                    if (ReadRow(stream.Id, path[i].Rowid).Thread != thread)
                    {
                        continue;
                    }

                    var stored = events.Read(stream, path[i].Rowid, path[i].Seq).Event;
                    bytes += stored.Buffer.Length;
                    if (page.Count == limit || (page.Count > 0 && bytes > maxBytes))
                    {
                        return new ThreadEvents(page, page[^1].Seq);
                    }

                    page.Add(stored);
                }

                walked += EventTable.MarkEvery;
                if (walked >= MaxWalked)
                {
                    return new ThreadEvents(page, Math.Min(through, last));
                }

                next = through < last ? through + 1 : last + 1;
            }
        }

        return new ThreadEvents(page, Next: null);
    }

    private long? FindThread(long stream, string threadId)
    {
        using var rows = _find.Bind(1, stream).Bind(2, threadId).Query();
        return rows.Next() ? _find.Int64(0) : null;
    }

    private ThreadSummary Read(long stream, in ThreadEventRow last, long seq, StorageClock clock)
    {
        using var rows = _thread.Bind(1, last.Thread).Query();
        if (!rows.Next())
        {
            throw new InvalidDataException($"an event of stream {stream} belongs to thread {last.Thread}, which is not there");
        }

        var threadId = _thread.Text(0);
        return new ThreadSummary(
            threadId,
            _thread.TextOrNull(1),
            seq,
            last.Type,
            clock.ToWall(new DateTimeOffset(last.At, TimeSpan.Zero)),
            ReadOpenRuns(stream, threadId));
    }

    private List<string> ReadOpenRuns(long stream, string threadId)
    {
        var runs = new List<string>();
        using var rows = _openRuns.Bind(1, stream).Bind(2, threadId).Bind(3, ThreadSummary.MaxOpenRuns).Query();
        while (rows.Next())
        {
            runs.Add(_openRuns.Text(0));
        }

        return runs;
    }

    private ThreadEventRow ReadRow(long stream, long rowid)
    {
        using var rows = _row.Bind(1, rowid).Query();
        return rows.Next()
            ? new ThreadEventRow(ThreadOf(stream, _row.Int64(0)), (EventType)_row.Int32(1), _row.Int64(2))
            : throw new InvalidDataException($"row {rowid} of stream {stream} is not there: the file is damaged");
    }

    // Events outside of any run name their thread, others their run.
    private long ThreadOf(long stream, long run)
    {
        if (run <= 0)
        {
            return -run;
        }

        if (!_threadsOfRuns.TryGetValue(run, out var thread))
        {
            using var rows = _threadOfRun.Bind(1, run).Bind(2, stream).Query();
            thread = rows.Next() ? _threadOfRun.Int64(0) : 0;
            _threadsOfRuns.Add(run, thread);
        }

        return thread;
    }

    /// <param name="Thread">The key of its thread's row; 0 for none.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="At">When it was accepted, in ticks of UTC.</param>
    private readonly record struct ThreadEventRow(long Thread, EventType Type, long At);
}
