using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// What is counted of one user. Adding is safe from any thread: each figure is changed atomically, and a reading made meanwhile may have one event in one figure and not yet in the next.
/// </summary>
internal sealed class UserFigures
{
    /// <summary>How many types of events there are.</summary>
    public static readonly int Types = Enum.GetValues<EventType>().Length;

    private readonly long[] _accepted = new long[Types];
    private readonly long[] _refused = new long[Types];
    private readonly Lock _latencyGate = new();
    private LatencyHistogram? _delivery;
    private LatencyHistogram? _acknowledgement;
    private long _written;
    private long _writtenThrough;
    private long _failures;
    private long _connections;
    private long _drops;
    private long _reconnects;
    private long _reconnectTicks;
    private long _lastDropAt;
    private long _terminalsDue;
    private long _terminalsAcknowledged;
    private int _holders;
    private long _lastAcceptedAt;

    public UserFigures(string userId) => (UserId, Resting) = (userId, new LinkedListNode<UserFigures>(this));

    public string UserId { get; }

    /// <summary>Events that were accepted.</summary>
    public long Accepted => Sum(_accepted);

    /// <summary>Emissions that were refused.</summary>
    public long Refused => Sum(_refused);

    /// <summary>Events that were handed to the transport of some connection; each once.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Failures that concern the user.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Connections that ended without a goodbye, or that the server had to end.</summary>
    public long Drops => Interlocked.Read(ref _drops);

    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>From a drop to the next connection, on average.</summary>
    public TimeSpan MeanReconnect => Reconnects is > 0 and var reconnects ? TimeSpan.FromTicks(Interlocked.Read(ref _reconnectTicks) / reconnects) : TimeSpan.Zero;

    /// <summary>Runs that ended while the user was there.</summary>
    public long TerminalsDue => Interlocked.Read(ref _terminalsDue);

    /// <summary>Of those, the ones whose terminal event was acknowledged.</summary>
    public long TerminalsAcknowledged => Interlocked.Read(ref _terminalsAcknowledged);

    /// <summary>When the last event was accepted, as a timestamp; 0 before the first. Set under the stream's lock.</summary>
    public long LastAcceptedAt { get => Volatile.Read(ref _lastAcceptedAt); set => Volatile.Write(ref _lastAcceptedAt, value); }

    public LatencyHistogram? DeliveryLatency => Volatile.Read(ref _delivery);

    public LatencyHistogram? AcknowledgementLatency => Volatile.Read(ref _acknowledgement);

    /// <summary>Who keeps it: loaded streams. Guarded by the registry's lock.</summary>
    public int Holders { get => _holders; set => _holders = value; }

    /// <summary>Its place among those that nobody keeps. Guarded by the registry's lock.</summary>
    public LinkedListNode<UserFigures> Resting { get; }

    public long AcceptedOf(EventType type) => Interlocked.Read(ref _accepted[(int)type]);

    /// <summary>Adds the accepted events of each type to a sum.</summary>
    public void AddAcceptedTo(long[] sums)
    {
        for (var type = 0; type < Types; type++)
        {
            sums[type] += Interlocked.Read(ref _accepted[type]);
        }
    }

    public long RefusedOf(EventType type) => Interlocked.Read(ref _refused[(int)type]);

    public void OnAccepted(EventType type) => Interlocked.Increment(ref _accepted[(int)type]);

    public void OnRefused(EventType type) => Interlocked.Increment(ref _refused[(int)type]);

    /// <summary>A connection was written events up to a number; another one of the same user may have been before.</summary>
    public void OnWritten(int events, long through)
    {
        while (Interlocked.Read(ref _writtenThrough) is var before && through > before)
        {
            if (Interlocked.CompareExchange(ref _writtenThrough, through, before) == before)
            {
                Interlocked.Add(ref _written, Math.Min(events, through - before));
                return;
            }
        }
    }

    public void OnDelivered(int events, TimeSpan latency) => Histogram(ref _delivery).Add(latency, events);

    public void OnAcknowledged(TimeSpan latency) => Histogram(ref _acknowledgement).Add(latency);

    public void OnFailures(long count) => Interlocked.Add(ref _failures, count);

    public void OnTerminalDue() => Interlocked.Increment(ref _terminalsDue);

    public void OnTerminalAcknowledged(int runs) => Interlocked.Add(ref _terminalsAcknowledged, runs);

    /// <param name="time">The clock.</param>
    public void OnConnected(TimeProvider time)
    {
        Interlocked.Increment(ref _connections);
        if (Interlocked.Exchange(ref _lastDropAt, 0) is > 0 and var droppedAt)
        {
            Interlocked.Add(ref _reconnectTicks, time.GetElapsedTime(droppedAt).Ticks);
            Interlocked.Increment(ref _reconnects);
        }
    }

    /// <param name="time">The clock.</param>
    public void OnDropped(TimeProvider time)
    {
        Interlocked.Increment(ref _drops);
        Interlocked.Exchange(ref _lastDropAt, time.GetTimestamp());
    }

    private LatencyHistogram Histogram(ref LatencyHistogram? histogram)
    {
        if (Volatile.Read(ref histogram) is { } there)
        {
            return there;
        }

        lock (_latencyGate)
        {
            return histogram ??= new LatencyHistogram();
        }
    }

    private static long Sum(long[] counts)
    {
        var sum = 0L;
        foreach (ref var count in counts.AsSpan())
        {
            sum += Interlocked.Read(ref count);
        }

        return sum;
    }
}
