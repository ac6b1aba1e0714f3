using System.Numerics;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// Latencies in buckets of a quarter of a power of two of microseconds, from 1 µs to more than an hour: a percentile is at most a fifth too
/// high, and the memory is the same however many there are. Safe from any thread: each count is changed atomically; a reading made
/// meanwhile may miss the latest.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int Parts = 4;
    private const int Buckets = 33 * Parts;

    private readonly long[] _counts = new long[Buckets];
    private long _count;
    private long _microseconds;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>The mean; zero without any.</summary>
    public TimeSpan Mean
        => Count is > 0 and var count ? TimeSpan.FromMicroseconds((double)Interlocked.Read(ref _microseconds) / count) : TimeSpan.Zero;

    /// <summary>Adds a latency, so many times. A negative one, of a clock that was set back, counts as none.</summary>
    public void Add(TimeSpan latency, int times = 1)
    {
        var microseconds = Math.Max(0, latency.Ticks / TimeSpan.TicksPerMicrosecond);
        Interlocked.Add(ref _counts[BucketOf(microseconds)], times);
        Interlocked.Add(ref _microseconds, microseconds * times);
        Interlocked.Add(ref _count, times);
    }

    /// <summary>The latency that a share of all does not exceed; zero without any.</summary>
    /// <param name="share">0 to 1.</param>
    public TimeSpan Percentile(double share)
    {
        var wanted = (long)Math.Ceiling(Count * share);
        var seen = 0L;
        for (var i = 0; i < Buckets && wanted > 0; i++)
        {
            seen += Interlocked.Read(ref _counts[i]);
            if (seen >= wanted)
            {
                return TimeSpan.FromMicroseconds(UpperBound(i));
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Adds what another has.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < Buckets; i++)
        {
            Interlocked.Add(ref _counts[i], Interlocked.Read(ref other._counts[i]));
        }

        Interlocked.Add(ref _microseconds, Interlocked.Read(ref other._microseconds));
        Interlocked.Add(ref _count, other.Count);
    }

    public void Clear()
    {
        for (var i = 0; i < Buckets; i++)
        {
            Interlocked.Exchange(ref _counts[i], 0);
        }

        Interlocked.Exchange(ref _microseconds, 0);
        Interlocked.Exchange(ref _count, 0);
    }

    private static int BucketOf(long microseconds)
    {
        if (microseconds < Parts)
        {
            return (int)microseconds;
        }

        var power = BitOperations.Log2((ulong)microseconds);
        return Math.Min(Buckets - 1, ((power - 1) * Parts) + (int)((microseconds >> (power - 2)) & (Parts - 1)));
    }

    private static double UpperBound(int bucket)
        => bucket < Parts ? bucket : Math.ScaleB(Parts + (bucket % Parts) + 1, (bucket / Parts) - 1) - 1;
}
