namespace Netra.Pipeline.Sqlite;

/// <summary>What a row of the audit trail tells. The values are stored.</summary>
internal enum AuditKind
{
    /// <summary>How far a connection had come.</summary>
    Progress = 1,

    /// <summary>Which numbers were deleted: from <c>from</c> to <c>queued</c>.</summary>
    Expired = 2,
}
