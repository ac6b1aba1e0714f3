using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads a stream's threads. Marks name the runs of the events before them, so events are looked at only where some are of a wanted thread.
/// Belongs to one connection, and must be used within one transaction of it.
/// </summary>
/// <remarks>
/// Marks of older versions name no runs: there a run's first and last event say where its thread may have some. Events above the last mark
/// are always looked at.
/// </remarks>
internal sealed class ThreadReader(SqliteDatabase database, EventReader events)
{
    // Some tens of milliseconds: many users may ask at once, and few threads read.
    private const int MaxWalked = 16 * 1024;
    private const int MaxMarks = 64 * 1024;

    private readonly SqliteStatement _marksBack = database.Prepare("SELECT seq, runs FROM marks WHERE stream = ?1 ORDER BY seq DESC");
    private readonly SqliteStatement _marks = database.Prepare("SELECT seq, runs FROM marks WHERE stream = ?1 AND seq > ?2 ORDER BY seq");
    private readonly SqliteStatement _lastOfThreads = database.Prepare(
        "SELECT thread, max(last_seq) AS last FROM runs WHERE stream = ?1 GROUP BY thread ORDER BY last DESC");

    private readonly ThreadRows _rows = new(database);
    private long[] _keys = [];

    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public ThreadPage List(in StreamView stream, StorageClock clock, long before, int limit)
    {
        _rows.Begin(stream.Id);
        var (page, seen) = (new List<ThreadSummary>(), new HashSet<string>(StringComparer.Ordinal));
        Queue<(string Thread, long Last)>? byRuns = null;
        var (to, kind, walked) = (ProtocolConstants.MaxSeq, MarkKind.None, 0);
        using var marks = _marksBack.Bind(1, stream.Id).Query();
        for (var isMark = true; isMark; kind = isMark ? ReadKeys(_marksBack) : MarkKind.None)
        {
            isMark = marks.Next();
            var range = new SeqRange((isMark ? _marksBack.Int64(0) : 0) + 1, to);
            to = range.From - 1;
            if (kind == MarkKind.Named && (range.From >= before || AreAllIn(seen)))
            {
                // Whichever their last events are, they are too high.
                seen.UnionWith(Threads());
                continue;
            }

            if (kind == MarkKind.Unnamed && byRuns is not null)
            {
                foreach (var (seq, rowid) in FindLastOfThreads(stream, range, byRuns))
                {
                    Add(seq, rowid);
                }
            }
            else
            {
                // Below the first mark that names no runs all of them are as old as it is, and saved.
                byRuns = kind == MarkKind.Unnamed ? ReadLastOfThreads(stream.Id) : byRuns;
                foreach (var (rowid, seq, _) in events.FindRows(stream, range, out _))
                {
                    Add(seq, rowid);
                    walked++;
                }
            }

            if (page.Count > limit)
            {
                return new ThreadPage(page[..limit], page[limit - 1].LastSeq);
            }

            if (walked >= MaxWalked && page.Count > 0)
            {
                return new ThreadPage(page, page[^1].LastSeq);
            }
        }

        return new ThreadPage(page, Next: null);

        void Add(long seq, long rowid)
        {
            var row = _rows.Read(rowid);
            if (row.Thread is { } thread && seen.Add(thread) && seq < before && page.Count <= limit)
            {
                page.Add(_rows.Summarize(thread, seq, row, clock));
            }
        }
    }

    /// <inheritdoc cref="List"/>
    public ThreadEvents? ReadPage(in StreamView stream, string threadId, long after, int limit, int maxBytes)
    {
        _rows.Begin(stream.Id);
        if (!_rows.IsKnown(threadId))
        {
            return null;
        }

        List<SeqRange>? spans = null;
        var (page, next, read, walked) = (new ThreadEventsPage(limit, maxBytes), after + 1, 0, 0);
        using (var marks = _marks.Bind(1, stream.Id).Bind(2, after).Query())
        {
            for (; marks.Next(); read++)
            {
                var range = new SeqRange(next, _marks.Int64(0));
                next = range.To + 1;
                if (ReadKeys(_marks) == MarkKind.Named
                    ? Threads().Contains(threadId)
                    : (spans ??= _rows.ReadSpans(threadId)).Exists(span => span.From <= range.To && span.To >= range.From))
                {
                    walked += EventTable.MarkEvery;
                    if (!TryAdd(stream, threadId, range, page))
                    {
                        return page.WithNext();
                    }
                }

                if (walked >= MaxWalked || read >= MaxMarks)
                {
                    return new ThreadEvents(page.Events, range.To);
                }
            }
        }

        return TryAdd(stream, threadId, new SeqRange(next, ProtocolConstants.MaxSeq), page)
            ? new ThreadEvents(page.Events, Next: null)
            : page.WithNext();
    }

    private bool TryAdd(in StreamView stream, string threadId, SeqRange range, ThreadEventsPage page)
    {
        var path = events.FindRows(stream, range, out _);
        for (var i = path.Count - 1; i >= 0; i--)
        {
            if (_rows.Read(path[i].Rowid).Thread == threadId && !page.TryAdd(events.Read(stream, path[i].Rowid, path[i].Seq).Event))
            {
                return false;
            }
        }

        return true;
    }

    private MarkKind ReadKeys(SqliteStatement mark)
    {
        if (mark.IsNull(1))
        {
            return MarkKind.Unnamed;
        }

        _keys = RunKeys.Read(mark.Blob(1));
        return MarkKind.Named;
    }

    // A run that is deleted has no thread.
    private IEnumerable<string> Threads() => _keys.Select(_rows.ThreadOf).OfType<string>();

    private bool AreAllIn(HashSet<string> seen) => Threads().All(seen.Contains);

    private Queue<(string Thread, long Last)> ReadLastOfThreads(long stream)
    {
        var threads = new Queue<(string, long)>();
        using var rows = _lastOfThreads.Bind(1, stream).Query();
        while (rows.Next())
        {
            threads.Enqueue((_lastOfThreads.Text(0), _lastOfThreads.Int64(1)));
        }

        return threads;
    }

    private IEnumerable<(long Seq, long Rowid)> FindLastOfThreads(
        StreamView stream, SeqRange range, Queue<(string Thread, long Last)> threads)
    {
        while (threads.TryPeek(out var thread) && thread.Last >= range.From)
        {
            threads.Dequeue();
            if (thread.Last <= range.To && events.FindRows(stream, new SeqRange(thread.Last, thread.Last), out _) is [var row])
            {
                yield return (row.Seq, row.Rowid);
            }
        }
    }

    private enum MarkKind
    {
        /// <summary>There is none: the events are the last ones.</summary>
        None,

        /// <summary>It names the runs of the events before it.</summary>
        Named,

        /// <summary>It names none, since an older version has made it, or had begun to count towards it.</summary>
        Unnamed,
    }
}

/// <summary>A page of a thread's events while it is read.</summary>
internal sealed class ThreadEventsPage(int limit, int maxBytes)
{
    private readonly List<StoredEvent> _events = [];
    private int _bytes;

    public IReadOnlyList<StoredEvent> Events => _events;

    /// <returns>False when the page is full, and another one has to begin with the event.</returns>
    public bool TryAdd(in StoredEvent stored)
    {
        _bytes += stored.Buffer.Length;
        if (_events.Count == limit || (_events.Count > 0 && _bytes > maxBytes))
        {
            return false;
        }

        _events.Add(stored);
        return true;
    }

    /// <summary>The full page.</summary>
    public ThreadEvents WithNext() => new(_events, _events[^1].Seq);
}
