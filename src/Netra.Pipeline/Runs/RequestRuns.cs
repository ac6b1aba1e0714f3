namespace Netra.Pipeline.Runs;

/// <summary>
/// The runs that one open request has published to, all of which it renews, whether or not it has their emitters still. Bounded: more than
/// <see cref="MaxRuns"/> open ones live by their own leases. Not thread-safe; the request's reading loop owns it.
/// </summary>
internal sealed class RequestRuns(RunRegistry registry)
{
    /// <summary>How many open runs one request renews.</summary>
    public const int MaxRuns = 100_000;

    private const int FirstSweep = 1024;

    private readonly HashSet<RunLife> _runs = [];
    private int _sweepAt = FirstSweep;
    private int _refused;

    /// <summary>Whether one of them has begun and has not ended.</summary>
    public bool HasOpenRun => _refused > 0 || _runs.Any(static life => life is { HasBegun: true, HasEnded: false });

    /// <summary>The request publishes to a run.</summary>
    public void Add(RunLife life)
    {
        if (_runs.Contains(life))
        {
            return;
        }

        if (_runs.Count + _refused >= _sweepAt)
        {
            Sweep();
        }

        if (_runs.Count >= MaxRuns)
        {
            _refused++;
            return;
        }

        _runs.Add(life);
        registry.BeginRequest(life);
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

        (_sweepAt, _refused) = (Math.Max(FirstSweep, 2 * _runs.Count), 0);
    }
}
