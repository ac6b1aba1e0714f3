using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>
/// Is told what passes one loaded stream, and is never asked. Told on the thread on which it happens, by many at once, some of them under
/// the stream's lock: what derives from it counts, and calls nobody, but for the methods that say that no lock is held. Nothing here
/// throws.
/// </summary>
internal abstract class StreamObserver
{
    /// <summary>Takes no notice.</summary>
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

    /// <summary>A connection was written events up to a number; another one of the same user may have been before.</summary>
    public virtual void OnWritten(int events, long through)
    {
    }

    /// <summary>Events that were accepted while the connection was live were handed to its transport. No lock is held.</summary>
    /// <param name="events">How many.</param>
    /// <param name="latency">How long the oldest of them took from being accepted.</param>
    public virtual void OnDelivered(int events, TimeSpan latency)
    {
    }

    /// <summary>A device has acknowledged something new. No lock is held.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="above">Where the device's coverage begins; this number is not covered.</param>
    /// <param name="through">The number it acknowledges.</param>
    public virtual void OnAcknowledged(UserStream stream, long above, long through)
    {
    }

    /// <summary>The event that is the sample was acknowledged. No lock is held.</summary>
    /// <param name="latency">How long it took from being accepted.</param>
    public virtual void OnSampleAcknowledged(TimeSpan latency)
    {
    }

    /// <summary>A run has ended while the user was there.</summary>
    public virtual void OnTerminalDue()
    {
    }

    /// <summary>The ends of so many runs were acknowledged that were due.</summary>
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
