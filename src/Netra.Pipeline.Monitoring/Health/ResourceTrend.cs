using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Detects a memory leak: the lowest usage of each ten minutes keeps rising. A cache that fills stops rising, and a burst is freed again; a
/// leak does neither. Called by the tick alone.
/// </summary>
internal sealed class ResourceTrend(ResourceSampler sampler, TimeProvider time)
{
    private const int MinSlots = 4;
    private const int MaxSlots = 7;
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SlotLength = TimeSpan.FromMinutes(10);

    private readonly Queue<long> _lows = new();
    private long _low = long.MaxValue;
    private long _sampledAt;
    private long _slotBegan = time.GetTimestamp();

    public ResourceSample Latest { get; private set; }

    /// <summary>By how much the lowest usage rises in an hour, in bytes; 0 while it does not rise in every ten minutes.</summary>
    public double GrowthPerHour { get; private set; }

    public void OnTick()
    {
        if (_sampledAt != 0 && time.GetElapsedTime(_sampledAt) < SampleInterval)
        {
            return;
        }

        Latest = sampler();
        _sampledAt = time.GetTimestamp();
        _low = Math.Min(_low, Latest.WorkingSetBytes);
        if (time.GetElapsedTime(_slotBegan) >= SlotLength)
        {
            _lows.Enqueue(_low);
            if (_lows.Count > MaxSlots)
            {
                _lows.Dequeue();
            }

            (_low, _slotBegan) = (long.MaxValue, time.GetTimestamp());
            GrowthPerHour = Growth();
        }
    }

    private double Growth()
    {
        long[] lows = [.. _lows];
        if (lows.Length < MinSlots)
        {
            return 0;
        }

        for (var i = 1; i < lows.Length; i++)
        {
            if (lows[i] <= lows[i - 1])
            {
                return 0;
            }
        }

        return (lows[^1] - lows[0]) / ((lows.Length - 1) * SlotLength.TotalHours);
    }
}

/// <summary>The resources that the process uses at a moment.</summary>
/// <param name="WorkingSetBytes">Resident memory.</param>
/// <param name="HandleUsage">Open files as a share of the limit, 0 to 1; 0 where the system does not tell it.</param>
internal readonly record struct ResourceSample(long WorkingSetBytes, double HandleUsage);

/// <summary>Takes a sample of the process. A service of its own, so that tests can have a leak without leaking.</summary>
internal delegate ResourceSample ResourceSampler();

/// <summary>Samples the resources of this process. Stateless.</summary>
internal static class ProcessResources
{
    public static ResourceSample Read() => new(Environment.WorkingSet, HandleUsage());

    private static double HandleUsage() => ProcessHandles.Limit() is > 0 and var limit ? (double)ProcessHandles.Open() / limit : 0;
}
