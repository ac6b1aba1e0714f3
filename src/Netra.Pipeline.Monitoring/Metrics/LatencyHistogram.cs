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

    /// <summary>The sum of all, in microseconds.</summary>
    public long Microseconds => Interlocked.Read(ref _microseconds);

    /// <summary>The power of two of microseconds that a bucket lies in.</summary>
    public static int PowerOf(int bucket) => bucket < Parts ? BitOperations.Log2((uint)Math.Max(1, bucket)) : (bucket / Parts) + 1;

    /// <summary>The buckets that are not empty, with their counts.</summary>
    public IEnumerable<(int Bucket, long Count)> Filled()
    {
        for (var i = 0; i < Buckets; i++)
        {
            if (Interlocked.Read(ref _counts[i]) is > 0 and var count)
            {
                yield return (i, count);
            }
        }
    }

    /// <summary>Takes up what was stored of an empty one.</summary>
    /// <exception cref="FormatException">A bucket is none of these, or its count is negative.</exception>
    public void Restore(IEnumerable<(int Bucket, long Count)> filled, long microseconds)
    {
        foreach (var (bucket, count) in filled)
        {
            if (bucket is < 0 or >= Buckets || count < 0)
            {
                throw new FormatException($"bucket {bucket} with {count} latencies is not one of {Buckets}");
            }

            _counts[bucket] += count;
            _count += count;
        }

        _microseconds = microseconds;
    }

    /// <summary>Adds what another has got since it was looked at last.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="seen">What it had then; afterwards what it has now.</param>
    public void AddNew(LatencyHistogram other, LatencyHistogram seen)
    {
        for (var i = 0; i < Buckets; i++)
        {
            _counts[i] += Step(ref other._counts[i], ref seen._counts[i]);
        }

        _microseconds += Step(ref other._microseconds, ref seen._microseconds);
        _count += Step(ref other._count, ref seen._count);
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

    private static long Step(ref long other, ref long seen)
    {
        var now = Interlocked.Read(ref other);
        var step = now - seen;
        seen = now;
        return step;
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
