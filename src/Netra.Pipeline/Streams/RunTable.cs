namespace Netra.Pipeline.Streams;

/// <summary>
/// The runs a stream remembers: open ones, and those that ended last, so that an event after a run's end is refused. Bounded: the one that was used longest ago and that no
/// emitter holds is forgotten first. Not thread-safe; the stream's lock guards it.
/// </summary>
internal sealed class RunTable(int maxRuns)
{
    private readonly Dictionary<(string ThreadId, string RunId), RunState> _runs = [];

    public int Count => _runs.Count;

    public RunState Enter(string threadId, string runId)
    {
        if (!_runs.TryGetValue((threadId, runId), out var run))
        {
            // More than one may have to go: held runs may have exceeded the bound before.
            while (_runs.Count >= maxRuns && TryForgetOldest())
            {
            }

            _runs.Add((threadId, runId), run = new RunState(threadId, runId));
        }

        run.Emitters++;
        return run;
    }

    private bool TryForgetOldest()
    {
        RunState? oldest = null;
        foreach (var run in _runs.Values)
        {
            if (run.Emitters == 0 && (oldest is null || run.LastSeq < oldest.LastSeq))
            {
                oldest = run;
            }
        }

        return oldest is not null && _runs.Remove((oldest.ThreadId, oldest.RunId));
    }
}
