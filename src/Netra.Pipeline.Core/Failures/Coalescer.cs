namespace Netra.Pipeline.Failures;

/// <summary>
/// Coalesces what repeats: of a key the first, or the first few, are told at once, those after it together, at most once a second. Bounded:
/// beyond so many keys the rest is told by coarser ones.
/// </summary>
/// <remarks>
/// Safe from any thread. The lock guards the keys; joining happens under it, so it must call nothing else; what is told goes out without
/// it. Nothing is kept of a key that was quiet for a second.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="maxKeys">How many keys are told apart at a time.</param>
/// <param name="hold">Makes one of what is held back, null for nothing, and one more. Called for what is told at once as well, with
/// nothing.</param>
/// <param name="tell">Tells one, or what several have become, and whether it was told under its own key.</param>
/// <param name="atOnce">How many of a key are told at once.</param>
internal sealed class Coalescer<TKey, TItem>(
    TimeProvider time, int maxKeys, Func<TItem?, TItem, TItem> hold, Action<TItem, bool> tell, int atOnce = 1)
    where TKey : notnull
    where TItem : class
{
    /// <summary>How often a key is told at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Group> _groups = [];

    /// <summary>One more.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="rest">The coarser key, one of a small set, that takes it when there are too many.</param>
    /// <param name="item">What is to be told.</param>
    /// <returns>Whether it went under its own key.</returns>
    public bool Add(TKey key, TKey rest, TItem item)
    {
        bool isOwn;
        TItem due;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            isOwn = _groups.TryGetValue(key, out var group) || _groups.Count < maxKeys;
            if (group is null && (isOwn || !_groups.TryGetValue(rest, out group)))
            {
                _groups[isOwn ? key : rest] = new Group { IsOwn = isOwn, ToldAt = now };
                due = hold(null, item);
            }
            else if (group!.AtOnce < atOnce && group.Held is null)
            {
                group.AtOnce++;
                due = hold(null, item);
            }
            else
            {
                group.Held = hold(group.Held, item);
                if (time.GetElapsedTime(group.ToldAt, now) < Interval)
                {
                    return isOwn;
                }

                due = group.Take(now)!;
            }
        }

        tell(due, isOwn);
        return isOwn;
    }

    /// <summary>Tells what has come together, if it is time. Called by a loop.</summary>
    public void TellDue() => Tell(static elapsed => elapsed >= Interval);

    /// <summary>Tells all that is held back. Called at the end.</summary>
    public void TellAll() => Tell(static _ => true);

    private void Tell(Func<TimeSpan, bool> isDue)
    {
        List<(TItem Item, bool IsOwn)>? due = null;
        lock (_gate)
        {
            if (_groups.Count == 0)
            {
                return;
            }

            var now = time.GetTimestamp();
            foreach (var (key, group) in _groups)
            {
                if (!isDue(time.GetElapsedTime(group.ToldAt, now)))
                {
                    continue;
                }

                if (group.Take(now) is { } held)
                {
                    (due ??= []).Add((held, group.IsOwn));
                }
                else
                {
                    _groups.Remove(key);
                }
            }
        }

        foreach (var (item, isOwn) in due ?? [])
        {
            tell(item, isOwn);
        }
    }

    private sealed class Group
    {
        public bool IsOwn { get; init; }

        public int AtOnce { get; set; } = 1;

        public long ToldAt { get; set; }

        public TItem? Held { get; set; }

        public TItem? Take(long now)
        {
            var held = Held;
            (Held, ToldAt) = (null, now);
            return held;
        }
    }
}
