using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>Writes the tables <c>events</c> and <c>marks</c>. Only the writer uses it.</summary>
internal sealed class EventTable(SqliteDatabase database)
{
    /// <summary>Every event whose number this divides gets a mark, where reading may begin.</summary>
    public const int MarkEvery = 64;

    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT INTO events(rowid, stream, seq, prev, run, at, type, payload, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    private readonly SqliteStatement _mark = database.Prepare("INSERT INTO marks(stream, seq, event, runs) VALUES(?1, ?2, ?3, ?4)");
    private readonly SqliteStatement _above = database.Prepare(
        "SELECT rowid, stream, seq, prev, run, at, type, length(payload) FROM events WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
    private readonly SqliteStatement _notAfter = database.Prepare(
        "SELECT rowid, at FROM events WHERE rowid > ?1 AND at <= ?2 ORDER BY rowid LIMIT 1");

    private readonly SqliteStatement _earliest = database.Prepare("SELECT min(at) FROM events WHERE rowid > ?1");
    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM events WHERE rowid <= ?1");
    private readonly SqliteStatement _deleteMarks = database.Prepare("DELETE FROM marks WHERE stream = ?1 AND seq <= ?2");

    /// <summary>Whether an event of a number gets a mark.</summary>
    public static bool IsMarked(long seq) => seq % MarkEvery == 0;

    /// <summary>Stores an event, and sets a mark where one is due.</summary>
    /// <param name="rowid">Its row.</param>
    /// <param name="stream">The key of its stream's row.</param>
    /// <param name="entry">The event.</param>
    /// <param name="prev">The row of the event before it.</param>
    /// <param name="run">What the row says of its run (<see cref="EventRow.Run"/>).</param>
    /// <param name="runs">The runs of all events since the last mark (<see cref="RunKeys"/>); null if they are not known.</param>
    public void Insert(long rowid, long stream, in LogEntry entry, long prev, long run, long[]? runs)
    {
        var at = entry.AcceptedAt.UtcTicks;
        var payload = entry.Buffer.AsSpan(OwnerTag.Length);
        _insert.Bind(1, rowid).Bind(2, stream).Bind(3, entry.Seq).Bind(4, prev).Bind(5, run).Bind(6, at).Bind(7, (long)entry.Type)
            .Bind(8, payload).Bind(9, EventSum.Of(stream, entry.Seq, run, at, (int)entry.Type, payload)).Execute();
        if (IsMarked(entry.Seq))
        {
            _mark.Bind(1, stream).Bind(2, entry.Seq).Bind(3, rowid);
            (runs is null ? _mark.Bind(4, (string?)null) : _mark.Bind(4, RunKeys.Write(runs))).Execute();
        }
    }

    /// <summary>The next events above a row, in order of time.</summary>
    public void ReadAbove(long rowid, int limit, List<EventRow> events)
    {
        using var rows = _above.Bind(1, rowid).Bind(2, limit).Query();
        while (rows.Next())
        {
            events.Add(new EventRow(
                _above.Int64(0),
                _above.Int64(1),
                _above.Int64(2),
                _above.Int64(3),
                _above.Int64(4),
                _above.Int64(5),
                (EventType)_above.Int32(6),
                _above.Int32(7)));
        }
    }

    /// <summary>The first event above a row that was accepted at a time or before, in order of time; row 0 for none.</summary>
    public (long Rowid, long At) FindNotAfter(long rowid, long time)
    {
        using var rows = _notAfter.Bind(1, rowid).Bind(2, time).Query();
        return rows.Next() ? (_notAfter.Int64(0), _notAfter.Int64(1)) : (0, 0);
    }

    /// <summary>When the first of the events above a row was accepted, whichever that is; the end of time for none.</summary>
    public long FindEarliest(long rowid)
    {
        using var rows = _earliest.Bind(1, rowid).Query();
        return rows.Next() && _earliest.Int64(0) is > 0 and var at ? at : long.MaxValue;
    }

    /// <summary>Deletes all events up to a row.</summary>
    public void DeleteThrough(long rowid) => _delete.Bind(1, rowid).Execute();

    /// <summary>Deletes the marks of deleted events.</summary>
    public void DeleteMarks(long stream, long through) => _deleteMarks.Bind(1, stream).Bind(2, through).Execute();
}

/// <summary>A row of the table <c>events</c>, without its payload.</summary>
/// <param name="Rowid">Its place in time.</param>
/// <param name="Stream">The key of its stream's row.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Prev">The row of the event before it in its stream; 0 for the first one.</param>
/// <param name="Run">
/// The key of its run's row; for an event outside of any run the key of its thread's row, negated; 0 for none.
/// </param>
/// <param name="At">When it was accepted, in ticks of UTC.</param>
/// <param name="Type">Its type.</param>
/// <param name="PayloadBytes">The length of its payload.</param>
internal readonly record struct EventRow(long Rowid, long Stream, long Seq, long Prev, long Run, long At, EventType Type, int PayloadBytes)
{
    /// <summary>What it holds, as it was handed to the log.</summary>
    public int Bytes => PayloadBytes + OwnerTag.Length;
}
