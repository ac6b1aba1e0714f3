using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>An event with its lease, or a job.</summary>
internal readonly struct QueuedItem
{
    public QueuedItem(SqliteLease lease, in LogEntry entry) => (Lease, Entry) = (lease, entry);

    public QueuedItem(WriterJob job) => Job = job;

    /// <summary>The event's stream; null for a job.</summary>
    public SqliteLease? Lease { get; }

    public LogEntry Entry { get; }

    /// <summary>The job; null for an event.</summary>
    public WriterJob? Job { get; }
}
