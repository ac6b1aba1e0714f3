using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>The state of a stream at one moment, read under its lock.</summary>
internal readonly record struct StreamSnapshot(
    long Head,
    long Committed,
    long ExpiredThrough,
    long Acknowledged,
    long ContiguouslyAcknowledged,
    int Connections,
    int Lagging,
    bool IsOnline,
    StreamAccount Account)
{
    /// <summary>
    /// How many unacknowledged events a present page has been sent, and so owes. Fewer than are pending, where some are older than the
    /// page's connection.
    /// </summary>
    public long Owed { get; init; }
}
