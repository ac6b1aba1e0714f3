using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// What rows say of the threads of one stream at a time. Belongs to one connection, and must be used within one transaction of it.
/// </summary>
internal sealed class ThreadRows(SqliteDatabase database)
{
    // Among which of a thread's runs those without an end are looked for.
    private const int LatestRuns = 2 * ThreadSummary.MaxOpenRuns;

    private readonly SqliteStatement _event = database.Prepare("SELECT run, type, at FROM events WHERE rowid = ?1");
    private readonly SqliteStatement _threadOfRun = database.Prepare("SELECT thread FROM runs WHERE id = ?1 AND stream = ?2");
    private readonly SqliteStatement _threadOfKey = database.Prepare("SELECT thread FROM threads WHERE id = ?1 AND stream = ?2");
    private readonly SqliteStatement _title = database.Prepare("SELECT title FROM threads WHERE stream = ?1 AND thread = ?2");
    private readonly SqliteStatement _known = database.Prepare(
        "SELECT EXISTS (SELECT 1 FROM runs WHERE stream = ?1 AND thread = ?2) "
        + "OR EXISTS (SELECT 1 FROM threads WHERE stream = ?1 AND thread = ?2)");

    // Of a run with attempts the first number is that of the last one, and one that has not ended may have events that are not counted yet.
    // So may a thread outside of any run, wherever.
    private readonly SqliteStatement _spans = database.Prepare(
        "SELECT CASE WHEN attempt_seq = 0 THEN first_seq ELSE 0 END, CASE WHEN terminal_seq = 0 THEN ?3 ELSE last_seq END FROM runs "
        + "WHERE stream = ?1 AND thread = ?2 UNION ALL SELECT 0, last_seq FROM threads WHERE stream = ?1 AND thread = ?2");

    private readonly SqliteStatement _openRuns = database.Prepare(
        "SELECT run FROM runs WHERE terminal_seq = 0 AND id IN "
        + "(SELECT id FROM runs WHERE stream = ?1 AND thread = ?2 ORDER BY id DESC LIMIT ?3) ORDER BY id LIMIT ?4");

    // By the key that events have.
    private readonly Dictionary<long, string?> _threads = [];
    private long _stream;

    /// <summary>Turns to a stream, and forgets what was read before.</summary>
    public void Begin(long stream)
    {
        _stream = stream;
        _threads.Clear();
    }

    /// <summary>Whether an event of a thread is kept: runs and threads have no row any more when none is.</summary>
    public bool IsKnown(string threadId)
    {
        using var rows = _known.Bind(1, _stream).Bind(2, threadId).Query();
        return rows.Next() && _known.Int64(0) != 0;
    }

    /// <summary>The thread that a key names (<see cref="EventRow.Run"/>); null when it names none, or none that is kept.</summary>
    public string? ThreadOf(long key)
    {
        if (!_threads.TryGetValue(key, out var thread))
        {
            var statement = key > 0 ? _threadOfRun : _threadOfKey;
            using var rows = statement.Bind(1, Math.Abs(key)).Bind(2, _stream).Query();
            thread = rows.Next() ? statement.Text(0) : null;
            _threads.Add(key, thread);
        }

        return thread;
    }

    /// <summary>What an event's row says of it.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public ThreadEventRow Read(long rowid)
    {
        using var rows = _event.Bind(1, rowid).Query();
        return rows.Next()
            ? new ThreadEventRow(ThreadOf(_event.Int64(0)), (EventType)_event.Int32(1), _event.Int64(2))
            : throw new InvalidDataException($"row {rowid} of stream {_stream} is not there: the file is damaged");
    }

    /// <summary>In which numbers an older version may have stored events of a thread.</summary>
    public List<SeqRange> ReadSpans(string threadId)
    {
        var spans = new List<SeqRange>();
        using var rows = _spans.Bind(1, _stream).Bind(2, threadId).Bind(3, ProtocolConstants.MaxSeq).Query();
        while (rows.Next())
        {
            spans.Add(new SeqRange(_spans.Int64(0), _spans.Int64(1)));
        }

        return spans;
    }

    /// <summary>A thread as a list shows it.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="seq">The number of its last event.</param>
    /// <param name="last">Its last event.</param>
    /// <param name="clock">The log's time.</param>
    public ThreadSummary Summarize(string threadId, long seq, in ThreadEventRow last, StorageClock clock)
    {
        string? title;
        using (var rows = _title.Bind(1, _stream).Bind(2, threadId).Query())
        {
            title = rows.Next() ? _title.TextOrNull(0) : null;
        }

        var openRuns = new List<string>();
        _openRuns.Bind(1, _stream).Bind(2, threadId).Bind(3, LatestRuns).Bind(4, ThreadSummary.MaxOpenRuns);
        using (var rows = _openRuns.Query())
        {
            while (rows.Next())
            {
                openRuns.Add(_openRuns.Text(0));
            }
        }

        return new ThreadSummary(threadId, title, seq, last.Type, clock.ToWall(new DateTimeOffset(last.At, TimeSpan.Zero)), openRuns);
    }
}

/// <summary>What an event's row says of it.</summary>
/// <param name="Thread">Its thread; null for none.</param>
/// <param name="Type">Its type.</param>
/// <param name="At">When it was accepted, in ticks of UTC.</param>
internal readonly record struct ThreadEventRow(string? Thread, EventType Type, long At);
