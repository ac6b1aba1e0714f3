using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The runs a stream remembers: open ones, and those that ended last, so that an event after a run's end is refused. Bounded: of the runs
/// that no emitter holds and whose events the log has stored, the one used longest ago is forgotten first; the log still knows it. Not
/// thread-safe; the stream's lock guards it.
/// </summary>
internal sealed class RememberedRuns(int maxRuns)
{
    private readonly Dictionary<(string ThreadId, string RunId), StreamRun> _runs = [];

    public int Count => _runs.Count;

    /// <summary>A run that is remembered; null for any other.</summary>
    public StreamRun? Find(string threadId, string runId) => _runs.GetValueOrDefault((threadId, runId));

    /// <summary>Enters a run that is remembered.</summary>
    public bool TryEnter(string threadId, string runId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StreamRun? run)
    {
        if (_runs.TryGetValue((threadId, runId), out run))
        {
            run.Emitters++;
        }

        return run is not null;
    }

    /// <summary>Enters a run that is new, or that the log has found. If another emitter entered it first, that entry is shared.</summary>
    /// <param name="found">The run.</param>
    /// <param name="committed">What the log has stored: a run with later events must not be forgotten yet.</param>
    public StreamRun Enter(LogRun found, long committed)
    {
        if (TryEnter(found.ThreadId, found.RunId, out var run))
        {
            return run;
        }

        // More than one may have to go: held runs may have exceeded the bound before.
        while (_runs.Count >= maxRuns && TryForgetOldest(committed))
        {
        }

        run = new StreamRun(found) { Emitters = 1 };
        _runs.Add((found.ThreadId, found.RunId), run);
        return run;
    }

    /// <summary>Retention has deleted events: what they asked is not kept any more.</summary>
    public void Expire(long through)
    {
        foreach (var run in _runs.Values)
        {
            run.Expire(through);
        }
    }

    private bool TryForgetOldest(long committed)
    {
        StreamRun? oldest = null;
        foreach (var run in _runs.Values)
        {
            if (run.Emitters == 0 && run.LastSeq <= committed && (oldest is null || run.LastSeq < oldest.LastSeq))
            {
                oldest = run;
            }
        }

        return oldest is not null && _runs.Remove((oldest.ThreadId, oldest.RunId));
    }
}
