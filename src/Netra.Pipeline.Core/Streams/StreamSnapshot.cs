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
    /// How many events a page that is there has been sent and nobody has acknowledged: what it owes. Less than what is pending, where that
    /// was before the page's time.
    /// </summary>
    public long Owed { get; init; }
}
