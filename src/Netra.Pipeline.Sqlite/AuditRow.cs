namespace Netra.Pipeline.Sqlite;

/// <summary>A row of the audit trail. For what retention has deleted, <paramref name="From"/> and <paramref name="Queued"/> are the first and the last number.</summary>
internal readonly record struct AuditRow(long Prev, DateTimeOffset At, AuditKind Kind, string? ConnectionId, long From, long Queued, long Written, long Acknowledged);
