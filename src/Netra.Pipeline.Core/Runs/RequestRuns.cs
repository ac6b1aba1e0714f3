namespace Netra.Pipeline.Runs;

/// <summary>
/// The watched runs that one open request has published to, all of which it renews, whether or not it has their emitters still. Bounded by
/// what is watched (<c>Netra:Monitoring:MaxWatchedRuns</c>): a run that is not watched has nothing to renew. Not thread-safe; the
/// request's reading loop owns it.
/// </summary>
internal sealed class RequestRuns(RunRegistry registry)
{
    private const int FirstSweep = 1024;

    private readonly Dictionary<RunKey, (RunLife Life, PublisherAttempt Publisher)> _runs = [];
    private int _comeSince;
    private int _sweepAfter = FirstSweep;

    /// <summary>Whether one of them has begun and has not ended.</summary>
    public bool HasOpenRun => _runs.Values.Any(static run => run.Life is { HasBegun: true, HasEnded: false });

    /// <summary>The attempt of a run that the request is at; null when it has not published to the run, or that is not watched.</summary>
    public PublisherAttempt? AttemptOf(RunKey key) => _runs.TryGetValue(key, out var run) ? run.Publisher : null;

    /// <summary>The request publishes to a run.</summary>
    /// <param name="life">The run.</param>
    /// <param name="publisher">The attempt that it is at.</param>
    /// <returns>Whether the run is watched.</returns>
    public bool Add(RunLife life, PublisherAttempt publisher)
    {
        if (_runs.ContainsKey(life.Key))
        {
            return true;
        }

        // Those that are not watched count: that they are not may be due to runs that have ended and that the request has in hand still.
        if (++_comeSince > _sweepAfter)
        {
            Sweep();
        }

        if (life.IsWatched)
        {
            _runs.Add(life.Key, (life, publisher));
            registry.BeginRequest(life, publisher);
        }

        return life.IsWatched;
    }

    /// <summary>The request has ended.</summary>
    /// <param name="isBroken">Whether in the middle.</param>
    public void End(bool isBroken)
    {
        foreach (var (life, publisher) in _runs.Values)
        {
            registry.EndRequest(life, publisher, isBroken);
        }

        _runs.Clear();
    }

    // A request may live for as long as its backend does, and most of its runs have ended. Each look at all of them is paid for by as many
    // that came since.
    private void Sweep()
    {
        foreach (var (life, publisher) in _runs.Values.Where(run => registry.IsOver(run.Life)).ToArray())
        {
            _runs.Remove(life.Key);
            registry.EndRequest(life, publisher, isBroken: false);
        }

        (_comeSince, _sweepAfter) = (1, Math.Max(FirstSweep, _runs.Count));
    }
}
