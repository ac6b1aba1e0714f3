namespace Netra.Pipeline.Sqlite;

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

    /// <summary>The last row of the audit trail.</summary>
    public long LastAuditRowid { get; set; }

    /// <summary>Up to this row of the audit trail streams are saved.</summary>
    public long AuditWatermark { get; set; }

    /// <summary>Up to this row the audit trail is deleted.</summary>
    public long AuditDeleted { get; set; }
}
