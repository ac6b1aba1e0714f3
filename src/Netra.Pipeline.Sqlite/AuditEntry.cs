using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>A connection's progress on its way into the audit trail.</summary>
internal readonly record struct AuditEntry(SqliteLease Lease, ConnectionProgress Progress);
