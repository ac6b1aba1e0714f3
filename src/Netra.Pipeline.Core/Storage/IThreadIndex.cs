using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>
/// The threads of a user's stored events. A thread is known from its first event until retention has deleted its last one. May be called
/// in parallel; each call reads a bounded amount, so a page may hold less than was asked for and still have one that follows.
/// </summary>
public interface IThreadIndex
{
    /// <summary>Lists a stream's threads, the one with the latest event first.</summary>
    /// <param name="lease">The stream.</param>
    /// <param name="before">Only threads whose last event has a lower number.</param>
    /// <param name="limit">How many at most, from 1.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    ValueTask<ThreadPage> ListAsync(StreamLease lease, long before, int limit, CancellationToken cancellationToken);

    /// <summary>Reads a thread's events in order.</summary>
    /// <param name="lease">The stream.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="after">Only higher numbers.</param>
    /// <param name="limit">How many at most, from 1.</param>
    /// <param name="maxBytes">Where the page ends; it may hold one event that is larger.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>Null when no event of the thread is kept.</returns>
    ValueTask<ThreadEvents?> ReadAsync(
        StreamLease lease, string threadId, long after, int limit, int maxBytes, CancellationToken cancellationToken);
}

/// <summary>A page of threads.</summary>
/// <param name="Threads">The threads.</param>
/// <param name="Next">The <c>before</c> of the page that follows; null for the last page.</param>
public sealed record ThreadPage(IReadOnlyList<ThreadSummary> Threads, long? Next);

/// <summary>A thread as a list shows it.</summary>
/// <param name="ThreadId">The thread.</param>
/// <param name="Title">Its title; null while it has none.</param>
/// <param name="LastSeq">The number of its last event.</param>
/// <param name="LastType">The type of its last event.</param>
/// <param name="LastAt">When its last event was accepted.</param>
/// <param name="OpenRuns">
/// Its runs without a stored terminal event, the oldest first, <see cref="MaxOpenRuns"/> at most. One that has ended a moment ago may be
/// among them.
/// </param>
public sealed record ThreadSummary(
    string ThreadId, string? Title, long LastSeq, EventType LastType, DateTimeOffset LastAt, IReadOnlyList<string> OpenRuns)
{
    /// <summary>How many open runs are listed at most.</summary>
    public const int MaxOpenRuns = 100;
}

/// <summary>A page of a thread's events.</summary>
/// <param name="Events">The events, in order.</param>
/// <param name="Next">The <c>after</c> of the page that follows; null for the last page.</param>
public sealed record ThreadEvents(IReadOnlyList<StoredEvent> Events, long? Next);
