using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>audit</c> of one connection. As the events, rows come in order of time, and each names the one before it in its
/// stream; the stream names its last one.
/// </summary>
internal sealed class HistoryTable(SqliteDatabase database)
{
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT INTO audit(rowid, stream, prev, at, kind, connection, \"from\", queued, written, acked) VALUES(?1, "
        + "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");

    private readonly SqliteStatement _read = database.Prepare(
        "SELECT stream, prev, at, kind, connection, \"from\", queued, written, acked FROM audit WHERE rowid = ?1");
    private readonly SqliteStatement _above = database.Prepare("SELECT rowid, stream FROM audit WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
    private readonly SqliteStatement _oldest = database.Prepare("SELECT rowid, at FROM audit WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM audit WHERE rowid <= ?1");
    private readonly SqliteStatement _head = database.Prepare(
        "SELECT s.audit_rowid, l.audit_deleted FROM streams AS s JOIN log AS l WHERE s.id = ?1");

    public void Insert(long rowid, long stream, long prev, in ConnectionProgress progress)
        => Bind(rowid, stream, prev, progress.At, HistoryKind.Progress)
            .Bind(6, progress.ConnectionId).Bind(7, progress.From).Bind(8, progress.Queued)
            .Bind(9, progress.Written).Bind(10, progress.Acknowledged).Execute();

    public void InsertExpired(long rowid, long stream, long prev, DateTimeOffset at, SeqRange range)
        => Bind(rowid, stream, prev, at, HistoryKind.Expired)
            .Bind(6, (string?)null).Bind(7, range.From).Bind(8, range.To).Bind(9, 0).Bind(10, 0).Execute();

    /// <summary>The last row of a saved stream's trail, and the last row that is deleted of all.</summary>
    public (long Head, long Deleted) ReadHead(long stream)
    {
        using var rows = _head.Bind(1, stream).Query();
        return rows.Next() ? (_head.Int64(0), _head.Int64(1)) : (0, 0);
    }

    /// <summary>A row of a stream's trail.</summary>
    /// <exception cref="InvalidDataException">It is not there, or another stream's.</exception>
    public HistoryRow Read(long rowid, long stream)
    {
        using var rows = _read.Bind(1, rowid).Query();
        return rows.Next() && _read.Int64(0) == stream
            ? new HistoryRow(
                _read.Int64(1),
                new DateTimeOffset(_read.Int64(2), TimeSpan.Zero),
                (HistoryKind)_read.Int32(3),
                _read.TextOrNull(4),
                _read.Int64(5),
                _read.Int64(6),
                _read.Int64(7),
                _read.Int64(8))
            : throw new InvalidDataException(
                $"row {rowid} of the delivery history of stream {stream} is not there, or another stream's: the file is damaged");
    }

    /// <summary>The next rows above one, each with its stream.</summary>
    public void ReadAbove(long rowid, int limit, List<(long Rowid, long Stream)> entries)
    {
        using var rows = _above.Bind(1, rowid).Bind(2, limit).Query();
        while (rows.Next())
        {
            entries.Add((_above.Int64(0), _above.Int64(1)));
        }
    }

    /// <summary>Deletes the oldest rows that are older than a time.</summary>
    /// <returns>The last deleted row, and whether there may be more.</returns>
    public (long Deleted, bool HasMore) Expire(long deleted, DateTimeOffset olderThan, DateTimeOffset now, int limit)
    {
        var (count, seen, last) = (0, 0, deleted);
        using (var rows = _oldest.Bind(1, deleted).Bind(2, limit).Query())
        {
            while (rows.Next())
            {
                var at = _oldest.Int64(1);
                seen++;
                if (at < olderThan.UtcTicks)
                {
                    (count, last) = (seen, _oldest.Int64(0));
                }
                else if (at <= now.UtcTicks)
                {
                    break;
                }

                // One from the future, of an older version under a wrong clock, goes with the first of those behind it.
            }
        }

        if (count > 0)
        {
            _delete.Bind(1, last).Execute();
        }

        return (last, count == limit);
    }

    private SqliteStatement Bind(long rowid, long stream, long prev, DateTimeOffset at, HistoryKind kind)
        => _insert.Bind(1, rowid).Bind(2, stream).Bind(3, prev).Bind(4, at.UtcTicks).Bind(5, (long)kind);
}

/// <summary>
/// A row of the delivery history. For what retention has deleted, <paramref name="From"/> and
/// <paramref name="Queued"/> are the first and the last number.
/// </summary>
internal readonly record struct HistoryRow(
    long Prev, DateTimeOffset At, HistoryKind Kind, string? ConnectionId, long From, long Queued, long Written, long Acknowledged);

/// <summary>What a row of the delivery history tells. The values are stored.</summary>
internal enum HistoryKind
{
    /// <summary>How far a connection had come.</summary>
    Progress = 1,

    /// <summary>Which numbers were deleted: from <c>from</c> to <c>queued</c>.</summary>
    Expired = 2,
}
