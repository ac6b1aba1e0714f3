namespace Netra.Pipeline.Failures;

/// <summary>
/// What comes in crowds, told by kind: the first of a kind, or the first few, at once, those after it together, at most once a second.
/// Bounded: beyond so many kinds the rest is told by coarser ones.
/// </summary>
/// <remarks>
/// Safe from any thread. The lock guards the kinds; joining happens under it, so it must call nobody else; what is told goes out without
/// it. Nothing is kept of a kind that was quiet for a second.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="maxKinds">How many kinds are told apart at a time.</param>
/// <param name="hold">Makes one of what is held back, null for nothing, and one more. Called for what is told at once as well, with
/// nothing.</param>
/// <param name="tell">Tells one, or what several have become, and whether it is of a kind of its own.</param>
/// <param name="atOnce">How many of a kind are told at once.</param>
internal sealed class Crowds<TKind, TItem>(
    TimeProvider time, int maxKinds, Func<TItem?, TItem, TItem> hold, Action<TItem, bool> tell, int atOnce = 1)
    where TKind : notnull
    where TItem : class
{
    /// <summary>How often a kind is told at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<TKind, Crowd> _kinds = [];

    /// <summary>One more.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="rest">The coarser kind, one of a small set, that takes it when there are too many.</param>
    /// <param name="item">What is to be told.</param>
    /// <returns>Whether it went under its own kind.</returns>
    public bool Add(TKind kind, TKind rest, TItem item)
    {
        bool isOwn;
        TItem due;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            isOwn = _kinds.TryGetValue(kind, out var crowd) || _kinds.Count < maxKinds;
            if (crowd is null && (isOwn || !_kinds.TryGetValue(rest, out crowd)))
            {
                _kinds[isOwn ? kind : rest] = new Crowd { IsOwn = isOwn, ToldAt = now };
                due = hold(null, item);
            }
            else if (crowd!.AtOnce < atOnce && crowd.Held is null)
            {
                crowd.AtOnce++;
                due = hold(null, item);
            }
            else
            {
                crowd.Held = hold(crowd.Held, item);
                if (time.GetElapsedTime(crowd.ToldAt, now) < Interval)
                {
                    return isOwn;
                }

                due = crowd.Take(now)!;
            }
        }

        tell(due, isOwn);
        return isOwn;
    }

    /// <summary>Tells what has come together, if it is time. Called by a loop.</summary>
    public void TellDue() => Tell(static elapsed => elapsed >= Interval);

    /// <summary>Tells all that is held back: nobody will ask again.</summary>
    public void TellAll() => Tell(static _ => true);

    private void Tell(Func<TimeSpan, bool> isDue)
    {
        List<(TItem Item, bool IsOwn)>? due = null;
        lock (_gate)
        {
            if (_kinds.Count == 0)
            {
                return;
            }

            var now = time.GetTimestamp();
            foreach (var (kind, crowd) in _kinds)
            {
                if (!isDue(time.GetElapsedTime(crowd.ToldAt, now)))
                {
                    continue;
                }

                if (crowd.Take(now) is { } held)
                {
                    (due ??= []).Add((held, crowd.IsOwn));
                }
                else
                {
                    _kinds.Remove(kind);
                }
            }
        }

        foreach (var (item, isOwn) in due ?? [])
        {
            tell(item, isOwn);
        }
    }

    private sealed class Crowd
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
