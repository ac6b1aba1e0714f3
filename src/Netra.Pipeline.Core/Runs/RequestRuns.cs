namespace Netra.Pipeline.Runs;

/// <summary>
/// The watched runs that one open request has published to, all of which it renews, whether or not it has their emitters still. Bounded by
/// what is watched (<c>Netra:Monitoring:MaxWatchedRuns</c>): a run that is not watched has nothing to renew. Not thread-safe; the
/// request's reading loop owns it.
/// </summary>
internal sealed class RequestRuns(RunRegistry registry)
{
    private const int FirstSweep = 1024;

    private readonly HashSet<RunLife> _runs = [];
    private int _comeSince;
    private int _sweepAfter = FirstSweep;

    /// <summary>Whether one of them has begun and has not ended.</summary>
    public bool HasOpenRun => _runs.Any(static life => life is { HasBegun: true, HasEnded: false });

    /// <summary>The request publishes to a run.</summary>
    public void Add(RunLife life)
    {
        if (_runs.Contains(life))
        {
            return;
        }

        // Those that are not watched count: that they are not may be due to runs that have ended and that the request has in hand still.
        if (++_comeSince > _sweepAfter)
        {
            Sweep();
        }

        if (life.IsWatched)
        {
            _runs.Add(life);
            registry.BeginRequest(life);
        }
    }

    /// <summary>The request has ended.</summary>
    /// <param name="isBroken">Whether in the middle.</param>
    public void End(bool isBroken)
    {
        foreach (var life in _runs)
        {
            registry.EndRequest(life, isBroken);
        }

        _runs.Clear();
    }

    // A request may live for as long as its backend does, and most of its runs have ended. Each look at all of them is paid for by as many
    // that came since.
    private void Sweep()
    {
        foreach (var life in _runs.Where(registry.IsOver).ToArray())
        {
            _runs.Remove(life);
            registry.EndRequest(life, isBroken: false);
        }

        (_comeSince, _sweepAfter) = (1, Math.Max(FirstSweep, _runs.Count));
    }
}
