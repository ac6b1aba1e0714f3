using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads events in order from rows that lie in order of time. Where the rows of a stream lie close together it passes over all rows between
/// two marks. Elsewhere it begins at the next mark above what is wanted, or at the stream's head, and walks back from row to row, so it
/// touches no row of another stream. Either way it reads at most <see cref="EventTable.MarkEvery"/> rows of the stream that it does not
/// return. Belongs to one connection, and must be used within one transaction of it.
/// </summary>
/// <remarks>
/// On every row that it passes it checks that the row is of the stream, that it names the row before it, that numbers grow, and that those
/// left out are known to be skipped. A row that is not there must have been deleted by retention, which goes strictly by rows.
/// </remarks>
internal sealed class EventReader(SqliteDatabase database)
{
    // A page has about so many events; a row of another stream costs an eighth of one that has to be looked for.
    private const int EventsOfScan = 512;
    private const int RowsPerEvent = 8;

    // What is larger is read once it is known to have room in the page.
    private const int SmallBytes = 1024;

    private readonly SqliteStatement _deleted = database.Prepare("SELECT deleted FROM log WHERE id = 1");
    private readonly SqliteStatement _mark = database.Prepare(
        "SELECT seq, event FROM marks WHERE stream = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1");
    private readonly SqliteStatement _markBelow = database.Prepare(
        "SELECT seq, event FROM marks WHERE stream = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1");

    private readonly SqliteStatement _link = database.Prepare(
        $"SELECT stream, seq, prev, type, CASE WHEN length(payload) <= {SmallBytes} THEN payload END, run, at, sum "
        + "FROM events WHERE rowid = ?1");
    private readonly SqliteStatement _row = database.Prepare(
        "SELECT stream, seq, at, type, payload, run, at, sum FROM events WHERE rowid = ?1");

    private readonly SqliteStatement _scan = database.Prepare(
        "SELECT rowid, seq, prev, type, payload, run, at, sum FROM events WHERE rowid BETWEEN ?1 AND ?2 AND stream = ?3 ORDER BY rowid");

    private readonly List<PathStep> _path = [];

    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public EventPage ReadPage(in StreamView stream, SeqRange range, int maxBytes)
    {
        var page = new PageOfRows(maxBytes);
        var deleted = ReadDeleted();
        for (var (next, top) = (range.From, 0L); top < range.To && !page.IsFull; next = top + 1)
        {
            var wanted = new SeqRange(next, range.To);
            top = TryFindSpan(stream, wanted, deleted, out var span)
                ? Scan(stream, wanted, span, page)
                : Walk(stream, wanted, deleted, page);
        }

        return page.IsFull
            ? new EventPage(page.Events, SeqRanges.Within(range with { To = page.Events[^1].Seq }, stream.Skipped))
            : new EventPage(page.Events, SeqRanges.Within(range, stream.Skipped));
    }

    /// <summary>One event, and when it was accepted; null when it is expired, or was skipped.</summary>
    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public StoredRow? ReadOne(in StreamView stream, long seq)
    {
        FindPath(stream, new SeqRange(seq, seq), ReadDeleted(), keeps: false);
        return _path.Count == 0 ? null : Read(stream, _path[0].Rowid, seq);
    }

    /// <summary>
    /// The rows of the kept events of a range, up to a mark, the last one first; valid until the reader is used again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="range">The wanted numbers.</param>
    /// <param name="through">Up to which number the rows speak.</param>
    /// <exception cref="InvalidDataException">The rows do not fit together.</exception>
    public IReadOnlyList<PathStep> FindRows(in StreamView stream, SeqRange range, out long through)
    {
        through = FindPath(stream, range, ReadDeleted(), keeps: false);
        return _path;
    }

    // From the last mark that is not above what is wanted, to one that ends a page; only where most rows between are of the stream.
    private bool TryFindSpan(in StreamView stream, SeqRange wanted, long deleted, out RowSpan span)
    {
        span = default;
        long bottom, first;
        using (var below = _markBelow.Bind(1, stream.Id).Bind(2, wanted.From).Query())
        {
            if (!below.Next())
            {
                return false;
            }

            (bottom, first) = (_markBelow.Int64(0), _markBelow.Int64(1));
        }

        var (top, last) = FindStart(stream, Math.Min(wanted.To, bottom + EventsOfScan));
        var most = Math.Min(Math.Min(wanted.To, top) - bottom + 1, EventsOfScan + EventTable.MarkEvery) * RowsPerEvent;
        span = new RowSpan(first, last, bottom, top);
        return first > deleted && last >= first && last - first < most;
    }

    /// <summary>Reads the wanted events of a span.</summary>
    /// <returns>Up to which number it has read.</returns>
    private long Scan(in StreamView stream, SeqRange wanted, in RowSpan span, PageOfRows page)
    {
        var (last, above) = (0L, 0L);
        using var rows = _scan.Bind(1, span.First).Bind(2, span.Last).Bind(3, stream.Id).Query();
        while (rows.Next())
        {
            var (rowid, seq, prev) = (_scan.Int64(0), _scan.Int64(1), _scan.Int64(2));
            if (last == 0 ? rowid != span.First || seq != span.Bottom : prev != last || seq <= above)
            {
                throw Broken(stream, rowid, $"has number {seq} and names row {prev} before it, where row {last} has number {above}");
            }

            if (last != 0)
            {
                EnsureNothingLost(stream, last, above, seq);
            }

            (last, above) = (rowid, seq);
            if (seq > wanted.To)
            {
                return wanted.To;
            }

            if (seq >= wanted.From && !page.TryAdd(stream, rowid, seq, _scan, typeColumn: 3))
            {
                return seq - 1;
            }
        }

        return last == span.Last && (span.Top == long.MaxValue || above == span.Top)
            ? span.Top
            : throw Broken(stream, span.Last, $"is not there, or not number {span.Top}");
    }

    /// <summary>Reads the wanted events between the first wanted number and the next mark above it.</summary>
    /// <returns>Up to which number it has read.</returns>
    private long Walk(in StreamView stream, SeqRange wanted, long deleted, PageOfRows page)
    {
        var top = FindPath(stream, wanted, deleted, keeps: true);
        for (var i = _path.Count - 1; i >= 0 && !page.IsFull; i--)
        {
            var step = _path[i];
            page.TryAdd(step.Event ?? Read(stream, step.Rowid, step.Seq).Event);
        }

        _path.Clear();
        return top;
    }

    /// <summary>Finds the wanted events that lie between the first wanted number and the next mark above it, the last one first.</summary>
    /// <returns>Up to which number the path speaks.</returns>
    private long FindPath(in StreamView stream, SeqRange wanted, long deleted, bool keeps)
    {
        _path.Clear();
        var (top, rowid) = FindStart(stream, wanted.From);
        var above = 0L;
        while (rowid > deleted)
        {
            var (seq, prev, stored) = ReadLink(stream, rowid, keeps ? wanted : default);
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
                _path.Add(new PathStep(rowid, seq, stored));
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

    // With its payload, if it is wanted and small.
    private (long Seq, long Prev, StoredEvent? Stored) ReadLink(in StreamView stream, long rowid, SeqRange wanted)
    {
        using var rows = _link.Bind(1, rowid).Query();
        if (!rows.Next())
        {
            throw Broken(stream, rowid, "is not there");
        }

        if (_link.Int64(0) != stream.Id)
        {
            throw Broken(stream, rowid, $"is of stream {_link.Int64(0)}");
        }

        var seq = _link.Int64(1);
        var isKept = seq >= wanted.From && seq <= wanted.To && _link.Length(4) > 0;
        return (seq, _link.Int64(2), isKept ? EventOf(stream, rowid, seq, _link, typeColumn: 3) : null);
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

        return new StoredRow(
            EventOf(stream, rowid, seq, _row, typeColumn: 3), rowid, new DateTimeOffset(_row.Int64(2), TimeSpan.Zero));
    }

    /// <summary>The event of a row, whose payload, run, time and check sum follow its type.</summary>
    /// <exception cref="InvalidDataException">The row is not as it was stored.</exception>
    public static StoredEvent EventOf(in StreamView stream, long rowid, long seq, SqliteStatement row, int typeColumn)
    {
        if (!EventSum.IsRight(row, typeColumn, stream.Id, seq))
        {
            throw Broken(stream, rowid, $"with number {seq} is not as it was stored");
        }

        var buffer = row.Copy(typeColumn + 1, OwnerTag.Length);
        OwnerTag.Write(buffer, stream.Tag);
        return new StoredEvent(seq, (EventType)row.Int32(typeColumn), buffer);
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

/// <summary>The events of a page, up to so many bytes; one event has room always.</summary>
/// <param name="maxBytes">What all of them may have.</param>
internal sealed class PageOfRows(int maxBytes)
{
    private long _bytes;

    public List<StoredEvent> Events { get; } = [];

    /// <summary>Whether there was an event that had no room.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Adds the event of a row (<see cref="EventReader.EventOf"/>).</summary>
    public bool TryAdd(in StreamView stream, long rowid, long seq, SqliteStatement row, int typeColumn)
        => HasRoom(OwnerTag.Length + row.Length(typeColumn + 1)) && Add(EventReader.EventOf(stream, rowid, seq, row, typeColumn));

    public bool TryAdd(in StoredEvent stored) => HasRoom(stored.Buffer.Length) && Add(stored);

    private bool HasRoom(int bytes)
    {
        _bytes += bytes;
        IsFull = Events.Count > 0 && _bytes > maxBytes;
        return !IsFull;
    }

    private bool Add(in StoredEvent stored)
    {
        Events.Add(stored);
        return true;
    }
}

/// <summary>Rows between two marks, or between a mark and the stream's head.</summary>
/// <param name="First">The first row.</param>
/// <param name="Last">The last row.</param>
/// <param name="Bottom">The number in the first row.</param>
/// <param name="Top">The number in the last row; the largest number there is, where that is the stream's head.</param>
internal readonly record struct RowSpan(long First, long Last, long Bottom, long Top);

/// <summary>A row on the way back.</summary>
/// <param name="Rowid">The row.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Event">Its event; null where it is not wanted, or large.</param>
internal readonly record struct PathStep(long Rowid, long Seq, StoredEvent? Event);

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
