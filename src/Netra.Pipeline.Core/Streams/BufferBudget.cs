namespace Netra.Pipeline.Streams;

/// <summary>
/// What waits for all pages together, in bytes: the send queues, and the streams' recent windows. Windows count for a quarter at most: they
/// cannot drop events that are not stored yet, which the log bounds, and queues must not shrink for those. Safe to use from any thread;
/// reading takes no lock.
/// </summary>
/// <param name="limit">How many bytes may wait.</param>
/// <param name="windows">What the windows hold.</param>
internal sealed class BufferBudget(long limit, Func<long> windows)
{
    /// <summary>Which part of the budget windows may have: a fourth.</summary>
    public const int WindowShare = 4;

    private long _queues;

    /// <summary>How much may wait.</summary>
    public long Limit { get; } = limit;

    /// <summary>What the send queues hold, without the first block of each.</summary>
    public long Queues => Interlocked.Read(ref _queues);

    /// <summary>What waits.</summary>
    public long Used => Queues + Math.Min(windows(), Limit / WindowShare);

    public bool IsExceeded => Used > Limit;

    public void Charge(long bytes) => Interlocked.Add(ref _queues, bytes);
}
