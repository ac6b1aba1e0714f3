using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads an event log through: whether each stream's rows are a chain from its last one to its first, whether every row is as it was
/// stored, whether numbers are missing, and whether streams, marks, runs, keys and the log itself count what there is. Belongs to one
/// connection, within one transaction.
/// </summary>
internal sealed class LogCheck(SqliteDatabase database, Problems problems, CancellationToken cancellationToken)
{
    private static readonly (string What, string Sql)[] Loose =
    [
        ("marks that name no event", "SELECT count(*) FROM marks AS m LEFT JOIN events AS e ON e.rowid = m.event "
            + "WHERE e.stream IS NOT m.stream OR e.seq IS NOT m.seq"),
        ("events without the mark that is due", $"SELECT count(*) FROM events AS e WHERE e.seq % {EventTable.MarkEvery} = 0 AND NOT EXISTS "
            + "(SELECT 1 FROM marks AS m WHERE m.stream = e.stream AND m.seq = e.seq AND m.event = e.rowid)"),
        ("events of runs that are not there", "SELECT count(*) FROM events AS e WHERE e.run > 0 AND NOT EXISTS "
            + "(SELECT 1 FROM runs AS r WHERE r.id = e.run AND r.stream = e.stream)"),
        ("events of threads that are not there", "SELECT count(*) FROM events AS e WHERE e.run < 0 AND NOT EXISTS "
            + "(SELECT 1 FROM threads AS t WHERE t.id = -e.run AND t.stream = e.stream)"),
        ("runs of no stream", "SELECT count(*) FROM runs WHERE stream NOT IN (SELECT id FROM streams)"),
        ("threads of no stream", "SELECT count(*) FROM threads WHERE stream NOT IN (SELECT id FROM streams)"),
        ("idempotency keys of no stream", "SELECT count(*) FROM keys WHERE stream NOT IN (SELECT id FROM streams)"),
        ("dead letters of no stream", "SELECT count(*) FROM dead_letters WHERE stream NOT IN (SELECT id FROM streams)"),
        ("questions of no run", "SELECT count(*) FROM questions WHERE run NOT IN (SELECT id FROM runs)"),
    ];

    private readonly Dictionary<long, CheckedStream> _streams = [];
    private long _watermark;
    private long _deleted;
    private long _bytes;

    public long Streams => _streams.Count;

    public long Events { get; private set; }

    public void Run()
    {
        var (version, known) = (database.QueryInt64("PRAGMA user_version"), SqliteSchema.Migrations[^1].Version);
        if (version != known)
        {
            problems.Add($"its tables are of version {version}, and this program checks version {known}; start that server on it once");
            return;
        }

        CompareTables();
        var bytes = ReadLog();
        ReadStreams();
        ReadEvents();
        foreach (var stream in _streams.Values)
        {
            Conclude(stream);
        }

        if (_bytes != bytes)
        {
            problems.Add($"the log counts {bytes} bytes of events, and there are {_bytes}");
        }

        foreach (var (what, sql) in Loose)
        {
            if (database.QueryInt64(sql) is > 0 and var count)
            {
                problems.Add($"{count} {what}");
            }
        }
    }

    // What says how the rows are to be read is text in the file itself. A file has the same, whichever version it was begun by, except for
    // the white space.
    private void CompareTables()
    {
        using var model = SqliteDatabase.Open(":memory:", readOnly: false, TimeSpan.Zero);
        SqliteSchema.Migrate(model, SqliteSchema.Migrations);
        var (found, expected) = (TablesOf(database), TablesOf(model));
        foreach (var name in found.Union(expected).Except(found.Intersect(expected)).Select(static entry => entry.Name).Distinct())
        {
            problems.Add($"the description of {name} is not that of version {SqliteSchema.Migrations[^1].Version}");
        }
    }

    private static HashSet<(string Type, string Name, string Table, string? Sql)> TablesOf(SqliteDatabase database)
    {
        var tables = new HashSet<(string, string, string, string?)>();
        using var rows = new SqliteStatement(
            database, "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'");
        while (rows.Step())
        {
            var sql = rows.TextOrNull(3)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            tables.Add((rows.Text(0), rows.Text(1), rows.Text(2), sql is null ? null : string.Concat(sql)));
        }

        return tables;
    }

    private long ReadLog()
    {
        using var row = new SqliteStatement(database, "SELECT watermark, deleted, bytes FROM log WHERE id = 1");
        if (!row.Step())
        {
            throw new InvalidDataException("its table 'log' is empty");
        }

        (_watermark, _deleted) = (row.Int64(0), row.Int64(1));
        return row.Int64(2);
    }

    private void ReadStreams()
    {
        using var row = new SqliteStatement(
            database,
            "SELECT id, head_seq, head_rowid, rows, accepted, expired_through, acked, acked_kept, acked_gone, expired, dead_kept, "
            + "dead_gone, skipped, user LIKE '$erased/%' FROM streams");
        while (row.Step())
        {
            var stream = new CheckedStream(row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3), row.Int64(5))
            {
                Skipped = RangeBlob.Read(row.Blob(12)),
                Acked = RangeBlob.Read(row.Blob(6)),
                AckedKept = row.Int64(7),
                IsErased = row.Int64(13) != 0,
            };
            var account = new StreamAccount(
                row.Int64(4), row.Int64(7) + row.Int64(8), row.Int64(3) - row.Int64(7) - row.Int64(10), row.Int64(9),
                row.Int64(10) + row.Int64(11));
            if (account.Unaccounted != 0 && !stream.IsErased)
            {
                problems.Add($"stream {stream.Id}: {account.Unaccounted} events have no accounted outcome: {account}");
            }

            if (!_streams.TryAdd(stream.Id, stream))
            {
                problems.Add($"stream {stream.Id} is there twice");
            }
        }
    }

    // In order of time, so that each row comes after the one that it names.
    private void ReadEvents()
    {
        using var row = new SqliteStatement(
            database, "SELECT rowid, stream, seq, prev, type, payload, run, at, sum FROM events ORDER BY rowid");
        while (row.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (rowid, id, seq, prev) = (row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3));
            Events++;
            _bytes += rowid <= _watermark ? row.Length(5) + Netra.Pipeline.Events.OwnerTag.Length : 0;
            if (!EventSum.IsRight(row, typeColumn: 4, id, seq))
            {
                problems.Add($"row {rowid} with event {seq} of stream {id} is not as it was stored");
            }

            if (!_streams.TryGetValue(id, out var stream))
            {
                problems.Add($"row {rowid} is of stream {id}, which is not there");
                continue;
            }

            Check(stream, rowid, seq, prev);
        }
    }

    private void Check(CheckedStream stream, long rowid, long seq, long prev)
    {
        var isFirst = stream.LastRow == 0;
        if (rowid <= _deleted || (isFirst ? prev > _deleted : prev != stream.LastRow))
        {
            problems.Add($"row {rowid} of stream {stream.Id} names row {prev} before it, where row {stream.LastRow} is");
        }

        var below = isFirst ? stream.ExpiredThrough : stream.LastSeq;
        if (seq <= below || SeqRanges.CountWithin(new SeqRange(below + 1, seq), stream.Skipped) != seq - below - 1)
        {
            problems.Add($"row {rowid} of stream {stream.Id} has number {seq} after {below}, and not all between are known to be skipped");
        }

        (stream.LastRow, stream.LastSeq) = (rowid, seq);
        if (rowid <= stream.HeadRow)
        {
            stream.Count++;
            stream.Acknowledged += SeqRanges.Contain(stream.Acked, seq) ? 1 : 0;
            if (rowid == stream.HeadRow)
            {
                (stream.HasHead, stream.SeqOfHead) = (true, seq);
            }
        }
        else if (rowid <= _watermark)
        {
            problems.Add($"row {rowid} lies above the last row {stream.HeadRow} of its stream {stream.Id}");
        }
    }

    private void Conclude(CheckedStream stream)
    {
        if (stream.HeadRow > _deleted && !stream.HasHead)
        {
            problems.Add($"stream {stream.Id} has its last event in row {stream.HeadRow}, which is not there");
        }

        var above = stream.HeadSeq - stream.SeqOfHead;
        if (stream.HasHead
            && (above < 0 || SeqRanges.CountWithin(new SeqRange(stream.SeqOfHead + 1, stream.HeadSeq), stream.Skipped) != above))
        {
            problems.Add(
                $"stream {stream.Id} has given {stream.HeadSeq} numbers, and its last row has {stream.SeqOfHead}; not all between are "
                + "known to be skipped");
        }

        if (stream.Count != stream.Rows)
        {
            problems.Add($"stream {stream.Id} counts {stream.Rows} events, and {stream.Count} are there");
        }
        else if (stream.Acknowledged != stream.AckedKept && !stream.IsErased)
        {
            problems.Add($"stream {stream.Id} counts {stream.AckedKept} acknowledged events, and {stream.Acknowledged} are there");
        }
    }

    /// <summary>What a stream says of itself, and what was found.</summary>
    private sealed class CheckedStream(long id, long headSeq, long headRow, long rows, long expiredThrough)
    {
        public long Id => id;

        public long HeadSeq => headSeq;

        public long HeadRow => headRow;

        public long Rows => rows;

        public long ExpiredThrough => expiredThrough;

        public SeqRange[] Skipped { get; init; } = [];

        public SeqRange[] Acked { get; init; } = [];

        public long AckedKept { get; init; }

        public bool IsErased { get; init; }

        public long LastRow { get; set; }

        public long LastSeq { get; set; }

        public long Count { get; set; }

        public long Acknowledged { get; set; }

        public bool HasHead { get; set; }

        public long SeqOfHead { get; set; }
    }
}
