namespace Netra.Pipeline.Streams;

/// <summary>
/// How many events passed which point of all streams since the process started; those of reserved users are left out, and accepted events
/// are counted per user, by the streams' observers. Plain counts that collectors read when they ask, since they are counted under locks,
/// where no collector's code may run. Safe from any thread.
/// </summary>
internal sealed class StreamCounters
{
    private long _acknowledged;
    private long _replayed;
    private long _redelivered;
    private long _expired;
    private long _deadLettered;
    private long _slowConsumers;
    private long _attempts;

    public long Acknowledged => Volatile.Read(ref _acknowledged);

    public long Replayed => Volatile.Read(ref _replayed);

    public long Redelivered => Volatile.Read(ref _redelivered);

    public long Expired => Volatile.Read(ref _expired);

    public long DeadLettered => Volatile.Read(ref _deadLettered);

    public long SlowConsumers => Volatile.Read(ref _slowConsumers);

    /// <summary>Attempts at runs beyond the first.</summary>
    public long Attempts => Volatile.Read(ref _attempts);

    public void OnAcknowledged(long events) => Interlocked.Add(ref _acknowledged, events);

    /// <summary>Events were read again for a connection.</summary>
    /// <param name="events">How many.</param>
    /// <param name="isRedelivery">Whether the connection had them before.</param>
    public void OnRead(long events, bool isRedelivery) => Interlocked.Add(ref isRedelivery ? ref _redelivered : ref _replayed, events);

    public void OnExpired(long events) => Interlocked.Add(ref _expired, events);

    public void OnDeadLettered(long events) => Interlocked.Add(ref _deadLettered, events);

    public void OnSlowConsumers(int connections) => Interlocked.Add(ref _slowConsumers, connections);

    public void OnAttempt() => Interlocked.Increment(ref _attempts);
}
