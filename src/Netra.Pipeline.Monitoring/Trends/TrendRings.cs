namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// What was measured in the last hour, day, month and two years, in steps that grow with the range: bounded, the same size however long the
/// server runs. Safe from any thread: a lock guards the rings, for as long as a second takes to add or a ring to read.
/// </summary>
internal sealed class TrendRings(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly TrendRing[] _rings = [.. Enum.GetValues<TrendRange>().Select(TrendRanges.MakeRing)];

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Adds a second.</summary>
    public void Add(TrendSample sample)
    {
        var now = Math.Max(0, Now);
        lock (_gate)
        {
            foreach (var ring in _rings)
            {
                ring.Add(now, sample);
            }
        }
    }

    /// <summary>How long the steps of a range are, in seconds.</summary>
    public int StepOf(TrendRange range) => _rings[(int)range].Step;

    /// <summary>The points of a range, oldest first. What was not measured has none.</summary>
    public IReadOnlyList<TrendPoint> Read(TrendRange range)
    {
        lock (_gate)
        {
            return [.. _rings[(int)range].Until(Now).Select(TrendPoint.Of)];
        }
    }

    /// <summary>The point that grows at the moment; null before the first second.</summary>
    public TrendPoint? Latest(TrendRange range)
    {
        lock (_gate)
        {
            return _rings[(int)range].Until(Now).LastOrDefault() is { } slot ? TrendPoint.Of(slot) : null;
        }
    }

    /// <summary>Takes up what an earlier process has stored.</summary>
    public void Restore(IEnumerable<StoredTrend> stored)
    {
        lock (_gate)
        {
            foreach (var trend in stored.Where(static trend => TrendRanges.IsStored(trend.Range)))
            {
                _rings[(int)trend.Range].Restore(TrendSlotJson.Read(trend.Json));
            }
        }
    }

    /// <summary>What has changed since it was taken last, to be stored.</summary>
    public IReadOnlyList<StoredTrend> TakeChanged()
    {
        lock (_gate)
        {
            var changed = new List<StoredTrend>();
            foreach (var range in Enum.GetValues<TrendRange>().Where(TrendRanges.IsStored))
            {
                var ring = _rings[(int)range];
                foreach (var slot in ring.Changed)
                {
                    changed.Add(new StoredTrend(range, ring.PlaceOf(slot.BeginsAt), TrendSlotJson.Write(slot)));
                    slot.IsChanged = false;
                }
            }

            return changed;
        }
    }

    /// <summary>What was taken could not be stored: it is taken again, as far as it is still in its place.</summary>
    public void PutBack(IEnumerable<StoredTrend> changed)
    {
        lock (_gate)
        {
            foreach (var trend in changed)
            {
                _rings[(int)trend.Range].At(trend.Place)?.IsChanged = true;
            }
        }
    }
}

/// <summary>A stretch as it is stored.</summary>
/// <param name="Range">Its ring.</param>
/// <param name="Place">Its place in the ring, from 0.</param>
/// <param name="Json">Its content.</param>
internal readonly record struct StoredTrend(TrendRange Range, int Place, string Json);
