using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The counts of one user, over all streams that were loaded for that user. Adding is safe from any thread: each count is changed
/// atomically, and a reading made meanwhile may have one event in one count and not yet in the next.
/// </summary>
internal sealed class UserMetrics : StreamObserver
{
    public static readonly int Types = Enum.GetValues<EventType>().Length;

    private readonly StreamMeasures _measures;
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

    public UserMetrics(string userKey, StreamMeasures measures)
        => (UserKey, _measures, Resting) = (userKey, measures, new LinkedListNode<UserMetrics>(this));

    public string UserKey { get; }

    public long Accepted => Sum(_accepted);

    public long Refused => Sum(_refused);

    /// <summary>Events that were handed to the transport of some connection; each is counted once.</summary>
    public long Written => Interlocked.Read(ref _written);

    public long Failures => Interlocked.Read(ref _failures);

    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Connections that ended without a goodbye, or that the server had to end.</summary>
    public long Drops => Interlocked.Read(ref _drops);

    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>From a drop to the next connection, on average.</summary>
    public TimeSpan MeanReconnect
        => Reconnects is > 0 and var reconnects ? TimeSpan.FromTicks(Interlocked.Read(ref _reconnectTicks) / reconnects) : TimeSpan.Zero;

    /// <summary>Runs that ended while the user was present.</summary>
    public long TerminalsDue => Interlocked.Read(ref _terminalsDue);

    /// <summary>Of those, the ones whose terminal event was acknowledged.</summary>
    public long TerminalsAcknowledged => Interlocked.Read(ref _terminalsAcknowledged);

    /// <summary>When the last event was accepted, as a timestamp; 0 before the first.</summary>
    public long LastAcceptedAt => Volatile.Read(ref _lastAcceptedAt);

    public LatencyHistogram? DeliveryLatency => Volatile.Read(ref _delivery);

    public LatencyHistogram? AcknowledgementLatency => Volatile.Read(ref _acknowledgement);

    /// <summary>How many loaded streams hold it. Guarded by the table's lock.</summary>
    public int Holders { get => _holders; set => _holders = value; }

    /// <summary>Its place in the list of those without a holder. Guarded by the table's lock.</summary>
    public LinkedListNode<UserMetrics> Resting { get; }

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

    /// <inheritdoc/>
    public override void OnAccepted(EventType type, long acceptedAt)
    {
        Volatile.Write(ref _lastAcceptedAt, acceptedAt);
        Interlocked.Increment(ref _accepted[(int)type]);
    }

    /// <inheritdoc/>
    public override void OnRefused(EventType type) => Interlocked.Increment(ref _refused[(int)type]);

    /// <inheritdoc/>
    public override void OnWritten(int events, long through)
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

    /// <inheritdoc/>
    public override void OnDelivered(int events, TimeSpan latency)
    {
        Histogram(ref _delivery).Add(latency, events);
        _measures.Latencies.OnDelivered(events, latency);
    }

    /// <inheritdoc/>
    public override void OnSampleAcknowledged(TimeSpan latency)
    {
        Histogram(ref _acknowledgement).Add(latency);
        _measures.Latencies.OnAcknowledged(latency);
    }

    public void OnFailures(long count) => Interlocked.Add(ref _failures, count);

    /// <inheritdoc/>
    public override void OnTerminalDue() => Interlocked.Increment(ref _terminalsDue);

    /// <inheritdoc/>
    public override void OnTerminalsAcknowledged(int runs) => Interlocked.Add(ref _terminalsAcknowledged, runs);

    /// <inheritdoc/>
    public override void OnConnected()
    {
        Interlocked.Increment(ref _connections);
        if (Interlocked.Exchange(ref _lastDropAt, 0) is > 0 and var droppedAt)
        {
            Interlocked.Add(ref _reconnectTicks, _measures.Time.GetElapsedTime(droppedAt).Ticks);
            Interlocked.Increment(ref _reconnects);
        }
    }

    /// <inheritdoc/>
    public override void OnDropped()
    {
        Interlocked.Increment(ref _drops);
        Interlocked.Exchange(ref _lastDropAt, _measures.Time.GetTimestamp());
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

/// <summary>What all users' metrics share.</summary>
/// <param name="Latencies">The latencies of all users together.</param>
/// <param name="Time">The clock.</param>
internal sealed record StreamMeasures(DeliveryLatencies Latencies, ServedTime Time);
