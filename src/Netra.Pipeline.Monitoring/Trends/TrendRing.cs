namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// The latest stretches of one length, each at the place that its time gives it: a new one takes the place of one that is a whole round
/// older, so the ring never grows. Guarded by the lock of <see cref="TrendRings"/>.
/// </summary>
/// <param name="step">How long a stretch is, in seconds.</param>
/// <param name="length">How many there are.</param>
internal sealed class TrendRing(int step, int length)
{
    private readonly TrendSlot?[] _slots = new TrendSlot?[length];

    /// <summary>How long a stretch is, in seconds.</summary>
    public int Step => step;

    /// <summary>How many there are.</summary>
    public int Length => length;

    /// <summary>Those that have changed since they were stored.</summary>
    public IEnumerable<TrendSlot> Changed => _slots.OfType<TrendSlot>().Where(static slot => slot.IsChanged);

    /// <summary>The place of a stretch.</summary>
    public int PlaceOf(long beginsAt) => (int)(beginsAt / step % length);

    /// <summary>What is at a place; null for nothing yet.</summary>
    public TrendSlot? At(int place) => _slots[place];

    /// <summary>Adds a second. A clock that was set back, or forward, changes the place at which it counts, and nothing else.</summary>
    /// <param name="now">The time, in Unix seconds.</param>
    /// <param name="sample">What it has brought.</param>
    public void Add(long now, TrendSample sample)
    {
        var beginsAt = now - (now % step);
        ref var slot = ref _slots[PlaceOf(beginsAt)];
        if (slot?.BeginsAt != beginsAt)
        {
            slot = new TrendSlot(beginsAt);
        }

        slot.Add(sample);
    }

    /// <summary>Takes up a stretch of an earlier process; one that is no stretch of this ring is left alone.</summary>
    public void Restore(TrendSlot slot)
    {
        if (slot.BeginsAt >= 0 && slot.BeginsAt % step == 0)
        {
            _slots[PlaceOf(slot.BeginsAt)] = slot;
        }
    }

    /// <summary>The stretches up to now that are not a whole round old, oldest first.</summary>
    /// <param name="now">The time, in Unix seconds.</param>
    public IEnumerable<TrendSlot> Until(long now)
    {
        var latest = now - (now % step);
        return _slots.OfType<TrendSlot>()
            .Where(slot => slot.BeginsAt <= latest && slot.BeginsAt > latest - ((long)step * length))
            .OrderBy(static slot => slot.BeginsAt);
    }
}
