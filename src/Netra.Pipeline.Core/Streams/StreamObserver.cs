using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>
/// Is told of events in one loaded stream, and is never asked. Called on the thread on which they happen, by many at once, some of them
/// under the stream's lock: a derived class counts, and calls no other code, but for the methods that say that no lock is held. Nothing
/// here throws.
/// </summary>
internal abstract class StreamObserver
{
    /// <summary>Ignores everything.</summary>
    public static StreamObserver None { get; } = new Inattentive();

    /// <summary>An event was accepted.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="acceptedAt">When, as a timestamp.</param>
    public virtual void OnAccepted(EventType type, long acceptedAt)
    {
    }

    /// <summary>An emission was refused.</summary>
    public virtual void OnRefused(EventType type)
    {
    }

    /// <summary>Events up to a number were written to a connection; another one of the same user may have got them before.</summary>
    public virtual void OnWritten(int events, long through)
    {
    }

    /// <summary>Events that were accepted while the connection was live were handed to its transport. No lock is held.</summary>
    /// <param name="events">How many.</param>
    /// <param name="latency">How long the oldest of them took from being accepted.</param>
    public virtual void OnDelivered(int events, TimeSpan latency)
    {
    }

    /// <summary>The event that is the latency sample was acknowledged. No lock is held.</summary>
    /// <param name="latency">How long it took from being accepted.</param>
    public virtual void OnSampleAcknowledged(TimeSpan latency)
    {
    }

    /// <summary>A run has ended while its user was present.</summary>
    public virtual void OnTerminalDue()
    {
    }

    /// <summary>The ends of due runs were acknowledged.</summary>
    public virtual void OnTerminalsAcknowledged(int runs)
    {
    }

    /// <summary>A connection has opened.</summary>
    public virtual void OnConnected()
    {
    }

    /// <summary>A connection has ended without a goodbye, or the server had to end it.</summary>
    public virtual void OnDropped()
    {
    }

    private sealed class Inattentive : StreamObserver;
}
