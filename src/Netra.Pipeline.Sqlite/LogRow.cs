using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The one row of the table <c>log</c>. Only the writer uses it.</summary>
internal sealed class LogRow(SqliteDatabase database, StorageClock clock, in LogState state) : Staged<LogState>(state)
{
    private readonly SqliteStatement _update = database.Prepare(
        "UPDATE log SET watermark = ?1, bytes = ?2, deleted = ?3, audit_watermark = ?4, audit_deleted = ?5, clock = ?6, wall = ?7, " +
        "gone_accepted = ?8, gone_acknowledged = ?9, gone_expired = ?10, gone_dead_lettered = ?11, gone_erased = ?12 WHERE id = 1");

    private long _savedAhead;

    /// <summary>Whether the wall clock was set since the log's time was saved beside it.</summary>
    public bool IsClockUnsaved => clock.Ahead() != _savedAhead;

    /// <summary>Reads the row, and sets the clock by it. What is above the watermarks is not counted yet.</summary>
    public static LogState Read(SqliteDatabase database, StorageClock clock)
    {
        using var row = new SqliteStatement(
            database,
            "SELECT watermark, bytes, deleted, audit_watermark, audit_deleted, clock, wall, gone_accepted, gone_acknowledged, "
            + "gone_expired, gone_dead_lettered, gone_erased FROM log");
        if (!row.Step())
        {
            throw new InvalidDataException("its table 'log' is empty");
        }

        clock.GoOn(row.Int64(5), row.Int64(6));

        // Every row that ever was is still there, or deleted, or below the watermark; so no row is used twice.
        var (watermark, deleted, historyWatermark, historyDeleted) = (row.Int64(0), row.Int64(2), row.Int64(3), row.Int64(4));
        return new LogState
        {
            Watermark = watermark,
            LastRowid = Math.Max(Math.Max(watermark, deleted), database.QueryInt64("SELECT max(rowid) FROM events")),
            Bytes = row.Int64(1),
            WatermarkBytes = row.Int64(1),
            Deleted = deleted,
            HistoryWatermark = historyWatermark,
            LastHistoryRowid = Math.Max(Math.Max(historyWatermark, historyDeleted), database.QueryInt64("SELECT max(rowid) FROM audit")),
            HistoryDeleted = historyDeleted,
            Gone = new StreamAccount(row.Int64(7), row.Int64(8), 0, row.Int64(9), row.Int64(10), row.Int64(11)),
        };
    }

    public void Save()
    {
        var (now, ahead) = (clock.Now.UtcTicks, clock.Ahead());
        _update.Bind(1, Now.Watermark).Bind(2, Now.WatermarkBytes).Bind(3, Now.Deleted).Bind(4, Now.HistoryWatermark)
            .Bind(5, Now.HistoryDeleted).Bind(6, now).Bind(7, now - ahead).Bind(8, Now.Gone.Accepted)
            .Bind(9, Now.Gone.Acknowledged).Bind(10, Now.Gone.Expired).Bind(11, Now.Gone.DeadLettered).Bind(12, Now.Gone.Erased)
            .Execute();
        _savedAhead = ahead;
    }
}

/// <summary>What is known of the log as a whole: its row in the table <c>log</c>, as the writer has it in memory.</summary>
internal struct LogState
{
    /// <summary>The row of the last event.</summary>
    public long LastRowid { get; set; }

    /// <summary>Up to this row streams and runs are saved; what is above it they are counted from after a crash.</summary>
    public long Watermark { get; set; }

    /// <summary>What the kept events hold together, owner tags included, in bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>What the kept events up to the watermark hold.</summary>
    public long WatermarkBytes { get; set; }

    /// <summary>Up to this row events are deleted.</summary>
    public long Deleted { get; set; }

    /// <summary>The last row of the delivery history.</summary>
    public long LastHistoryRowid { get; set; }

    /// <summary>Up to this row of the delivery history streams are saved.</summary>
    public long HistoryWatermark { get; set; }

    /// <summary>Up to this row the delivery history is deleted.</summary>
    public long HistoryDeleted { get; set; }

    /// <summary>What became of the events of all users who were erased.</summary>
    public StreamAccount Gone { get; set; }
}
