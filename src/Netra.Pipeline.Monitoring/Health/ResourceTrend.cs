namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Looks for a leak: memory whose low water rises from one ten minutes to the next. A cache that fills stops rising, and a burst comes back; a leak does neither. Called by the tick alone.
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

    /// <summary>By how much the low water rises in an hour, in bytes; 0 while it does not rise in every slot.</summary>
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
            GrowthPerHour = Judge();
        }
    }

    private double Judge()
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
