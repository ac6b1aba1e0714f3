namespace Netra.Pipeline.Storage;

/// <summary>
/// The way of each event: when it was accepted and stored, how far each connection came, and how it ended. Connections are recorded as
/// positions, about once a second, not event by event. May be called in parallel.
/// </summary>
public interface IAuditTrail
{
    /// <summary>Records how far a connection has come. It never blocks.</summary>
    /// <param name="lease">The connection's stream.</param>
    /// <param name="progress">The positions. They are cumulative, so one that is left out costs precision, no more.</param>
    /// <returns>Whether it was taken: not when more waits than the trail holds.</returns>
    bool TryRecord(StreamLease lease, in ConnectionProgress progress);

    /// <summary>What is known of an event; null when its number was never given, or too long ago.</summary>
    /// <param name="lease">The event's stream.</param>
    /// <param name="seq">The event's number.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    ValueTask<EventHistory?> ReadAsync(StreamLease lease, long seq, CancellationToken cancellationToken);
}

/// <summary>How far a connection had come at a moment.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="At">The moment.</param>
/// <param name="From">Where it began: lower numbers and this one were never sent on it.</param>
/// <param name="Queued">The highest number that was in its queue or its replay.</param>
/// <param name="Written">The highest number that was handed to its transport.</param>
/// <param name="Acknowledged">The highest number that it acknowledged.</param>
public readonly record struct ConnectionProgress(
    string ConnectionId, DateTimeOffset At, long From, long Queued, long Written, long Acknowledged);
