namespace Netra.Pipeline.Log.Sqlite;

/// <summary>The one row of the table <c>log</c>. Only the writer uses it.</summary>
internal sealed class LogRow(SqliteDatabase database, in LogState state) : Staged<LogState>(state)
{
    private readonly SqliteStatement _update = database.Prepare(
        "UPDATE log SET watermark = ?1, bytes = ?2, deleted = ?3, audit_watermark = ?4, audit_deleted = ?5 WHERE id = 1");

    /// <summary>Reads the row. What is above the watermarks is not counted yet.</summary>
    public static LogState Read(SqliteDatabase database)
    {
        using var row = new SqliteStatement(database, "SELECT watermark, bytes, deleted, audit_watermark, audit_deleted FROM log");
        if (!row.Step())
        {
            throw new InvalidDataException("its table 'log' is empty");
        }

        // Every row that ever was is still there, or deleted, or below the watermark; so no row is used twice.
        var (watermark, deleted, auditWatermark, auditDeleted) = (row.Int64(0), row.Int64(2), row.Int64(3), row.Int64(4));
        return new LogState
        {
            Watermark = watermark,
            LastRowid = Math.Max(Math.Max(watermark, deleted), database.QueryInt64("SELECT max(rowid) FROM events")),
            Bytes = row.Int64(1),
            WatermarkBytes = row.Int64(1),
            Deleted = deleted,
            AuditWatermark = auditWatermark,
            LastAuditRowid = Math.Max(Math.Max(auditWatermark, auditDeleted), database.QueryInt64("SELECT max(rowid) FROM audit")),
            AuditDeleted = auditDeleted,
        };
    }

    public void Save() => _update.Bind(1, Now.Watermark).Bind(2, Now.WatermarkBytes).Bind(3, Now.Deleted).Bind(4, Now.AuditWatermark).Bind(5, Now.AuditDeleted).Execute();
}
