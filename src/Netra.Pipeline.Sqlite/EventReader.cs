using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads events in order from rows that lie in order of time. It begins at the next mark above what is wanted, or at the
/// stream's head, walks back from row to row to what is wanted, and reads forward from there. So it touches no row of
/// another stream, and at most <see cref="EventTable.MarkEvery"/> rows that it does not return. Belongs to one connection,
/// and must be used within one transaction of it.
/// </summary>
/// <remarks>
/// On every row that it walks it checks that the row is of the stream, that numbers decrease, and that those left out are known to be
/// skipped. A row that is not there must have been deleted by retention, which goes strictly by rows.
/// </remarks>
internal sealed class EventReader(SqliteDatabase database)
{
    private readonly SqliteStatement _deleted = database.Prepare("SELECT deleted FROM log WHERE id = 1");
    private readonly SqliteStatement _mark = database.Prepare(
        "SELECT seq, event FROM marks WHERE stream = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1");
    private readonly SqliteStatement _link = database.Prepare("SELECT stream, seq, prev FROM events WHERE rowid = ?1");
    private readonly SqliteStatement _row = database.Prepare("SELECT stream, seq, at, type, payload FROM events WHERE rowid = ?1");
    private readonly List<(long Rowid, long Seq)> _path = [];

    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public EventPage ReadPage(in StreamView stream, SeqRange range, int maxBytes)
    {
        var events = new List<StoredEvent>();
        var deleted = ReadDeleted();
        var bytes = 0;
        for (var (next, top) = (range.From, 0L); top < range.To; next = top + 1)
        {
            top = FindPath(stream, new SeqRange(next, range.To), deleted);
            for (var i = _path.Count - 1; i >= 0; i--)
            {
                var kept = Read(stream, _path[i].Rowid, _path[i].Seq).Event;
                bytes += kept.Buffer.Length;
                if (events.Count > 0 && bytes > maxBytes)
                {
                    return new EventPage(events, SeqRanges.Within(range with { To = events[^1].Seq }, stream.Skipped));
                }

                events.Add(kept);
            }
        }

        return new EventPage(events, SeqRanges.Within(range, stream.Skipped));
    }

    /// <summary>One event, and when it was accepted; null when it is expired, or was skipped.</summary>
    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public StoredRow? ReadOne(in StreamView stream, long seq)
    {
        FindPath(stream, new SeqRange(seq, seq), ReadDeleted());
        return _path.Count == 0 ? null : Read(stream, _path[0].Rowid, seq);
    }

    /// <summary>
    /// The rows of the kept events of a range, up to a mark, the last one first; valid until the reader is used again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="range">The wanted numbers.</param>
    /// <param name="through">Up to which number the rows speak.</param>
    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public IReadOnlyList<(long Rowid, long Seq)> FindRows(in StreamView stream, SeqRange range, out long through)
    {
        through = FindPath(stream, range, ReadDeleted());
        return _path;
    }

    /// <summary>Finds the wanted events that lie between the first wanted number and the next mark above it, the last one first.</summary>
    /// <returns>Up to which number the path speaks.</returns>
    private long FindPath(in StreamView stream, SeqRange wanted, long deleted)
    {
        _path.Clear();
        var (top, rowid) = FindStart(stream, wanted.From);
        var above = 0L;
        while (rowid > deleted)
        {
            var (seq, prev) = ReadLink(stream, rowid);
            if (above == 0 ? top != long.MaxValue && seq != top : seq >= above)
            {
                throw Broken(stream, rowid, $"has number {seq}, where one below {above}, or {top}, was due");
            }

            EnsureNothingLost(stream, rowid, seq, above);
            if (seq < wanted.From)
            {
                return top;
            }

            if (seq <= wanted.To)
            {
                _path.Add((rowid, seq));
            }

            (rowid, above) = (prev, seq);
        }

        if (rowid == 0 && above > 0)
        {
            EnsureNothingLost(stream, rowid, 0, above);
        }

        return top;
    }

    private (long Top, long Rowid) FindStart(in StreamView stream, long seq)
    {
        using var rows = _mark.Bind(1, stream.Id).Bind(2, seq).Query();
        return rows.Next() ? (_mark.Int64(0), _mark.Int64(1)) : (long.MaxValue, stream.HeadRowid);
    }

    private (long Seq, long Prev) ReadLink(in StreamView stream, long rowid)
    {
        using var rows = _link.Bind(1, rowid).Query();
        if (!rows.Next())
        {
            throw Broken(stream, rowid, "is not there");
        }

        return _link.Int64(0) == stream.Id
            ? (_link.Int64(1), _link.Int64(2))
            : throw Broken(stream, rowid, $"is of stream {_link.Int64(0)}");
    }

    /// <summary>The event in a row. The owner tag is made of what the row says, and not of what is wanted.</summary>
    /// <exception cref="InvalidDataException">It is another one.</exception>
    public StoredRow Read(in StreamView stream, long rowid, long seq)
    {
        using var rows = _row.Bind(1, rowid).Query();
        if (!rows.Next() || _row.Int64(0) != stream.Id || _row.Int64(1) != seq)
        {
            throw Broken(stream, rowid, "has changed");
        }

        var stored = new StoredEvent(seq, (EventType)_row.Int32(3), BufferOf(_row.Blob(4), stream.Tag));
        return new StoredRow(stored, rowid, new DateTimeOffset(_row.Int64(2), TimeSpan.Zero));
    }

    public static byte[] BufferOf(ReadOnlySpan<byte> payload, ulong tag)
    {
        var buffer = new byte[OwnerTag.Length + payload.Length];
        OwnerTag.Write(buffer, tag);
        payload.CopyTo(buffer.AsSpan(OwnerTag.Length));
        return buffer;
    }

    private long ReadDeleted()
    {
        using var rows = _deleted.Query();
        return rows.Next() ? _deleted.Int64(0) : throw new InvalidDataException("the table 'log' is empty");
    }

    private static void EnsureNothingLost(in StreamView stream, long rowid, long seq, long above)
    {
        if (above > seq + 1 && SeqRanges.CountWithin(new SeqRange(seq + 1, above - 1), stream.Skipped) != above - seq - 1)
        {
            throw Broken(
                stream,
                rowid,
                $"has number {seq}, and the next row of its stream {above}; the numbers between are not known to be skipped");
        }
    }

    private static InvalidDataException Broken(in StreamView stream, long rowid, string what)
        => new($"row {rowid} of stream {stream.Id} {what}: the file is damaged");
}

/// <summary>An event read back, with what its row says beside it.</summary>
/// <param name="Event">The event.</param>
/// <param name="Rowid">Its row.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
internal readonly record struct StoredRow(StoredEvent Event, long Rowid, DateTimeOffset AcceptedAt);

/// <summary>What a reader has to know of a stream.</summary>
/// <param name="Id">The key of its row.</param>
/// <param name="Tag">The tag of its row's user.</param>
/// <param name="HeadRowid">The row of an event that is its last one, or was; 0 for none.</param>
/// <param name="Skipped">The numbers that were never given.</param>
internal readonly record struct StreamView(long Id, ulong Tag, long HeadRowid, IReadOnlyList<SeqRange> Skipped);
