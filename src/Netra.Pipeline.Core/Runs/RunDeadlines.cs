namespace Netra.Pipeline.Runs;

/// <summary>
/// When each run is looked at next: a wheel of short slots, so that a look costs those that are due and not those that are there. Never
/// early, and late by a slot at most. Not thread-safe; the registry's lock guards it.
/// </summary>
internal sealed class RunDeadlines
{
    private const long SlotTicks = TimeSpan.TicksPerSecond / 4;

    private readonly Dictionary<long, HashSet<RunLife>> _slots = [];
    private long _next;

    /// <summary>Sets when a run is looked at, in the place of the time before.</summary>
    public void Put(RunLife life, long at)
    {
        Remove(life);
        if (at == RunLife.Never)
        {
            return;
        }

        var slot = Math.Max((at + SlotTicks - 1) / SlotTicks, _next);
        if (!_slots.TryGetValue(slot, out var lives))
        {
            _slots.Add(slot, lives = []);
        }

        lives.Add(life);
        life.LookAt = slot * SlotTicks;
    }

    public void Remove(RunLife life)
    {
        if (life.LookAt == RunLife.Never)
        {
            return;
        }

        var slot = life.LookAt / SlotTicks;
        if (_slots.TryGetValue(slot, out var lives) && lives.Remove(life) && lives.Count == 0)
        {
            _slots.Remove(slot);
        }

        life.LookAt = RunLife.Never;
    }

    /// <summary>Takes those that are due, the longest due first.</summary>
    public void TakeDue(long now, List<RunLife> due)
    {
        var last = now / SlotTicks;
        if (_slots.Count == 0)
        {
            _next = Math.Max(_next, last + 1);
        }

        for (; _next <= last; _next++)
        {
            if (_slots.Remove(_next, out var lives))
            {
                foreach (var life in lives)
                {
                    life.LookAt = RunLife.Never;
                    due.Add(life);
                }
            }
        }
    }
}
