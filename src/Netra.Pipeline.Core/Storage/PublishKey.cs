using Netra.Pipeline.Events;

namespace Netra.Pipeline.Storage;

/// <summary>An idempotency key on its way into the log, with the event that is published under it.</summary>
/// <remarks>
/// The event is handed to the log before it is handed to connections, and only then its receipt has a status. Both happen under one lock
/// within microseconds, so a log that stores the key sooner waits for the status (<see cref="WaitForStatus"/>). Whoever hands the key to a
/// log settles it whatever happens in between: the log's writer must never wait for a publisher that has gone.
/// </remarks>
/// <param name="hash">The hash of publisher and key.</param>
/// <param name="content">The hash of what is published.</param>
/// <param name="expiresAt">Until when the key is kept.</param>
public sealed class PublishKey(UInt128 hash, UInt128 content, DateTimeOffset expiresAt)
{
    private const int Unsettled = -1;
    private int _status = Unsettled;

    /// <summary>The hash of publisher and key.</summary>
    public UInt128 Hash { get; } = hash;

    /// <summary>The hash of what is published.</summary>
    public UInt128 Content { get; } = content;

    /// <summary>Until when the key is kept.</summary>
    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    /// <summary>Where the event stood; known at once, or as soon as its emitter has left the stream's lock.</summary>
    public EventStatus WaitForStatus()
    {
        var wait = default(SpinWait);
        int status;
        while ((status = Volatile.Read(ref _status)) == Unsettled)
        {
            wait.SpinOnce();
        }

        return (EventStatus)status;
    }

    /// <summary>Until when the key is kept, by the log's own clock; set by a log that has one when it takes the key.</summary>
    internal DateTimeOffset KeptUntil { get; set; } = expiresAt;

    /// <summary>Says where the event stood. Only the first time counts.</summary>
    internal void Settle(EventStatus status) => Interlocked.CompareExchange(ref _status, (int)status, Unsettled);
}

/// <summary>What is stored under an idempotency key: the first event's content and receipt.</summary>
/// <param name="Content">The hash of what was published.</param>
/// <param name="StreamId">The event's stream.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="Status">Where it stood when its publisher got the receipt.</param>
public sealed record StoredKey(UInt128 Content, ulong StreamId, long Seq, EventStatus Status);
