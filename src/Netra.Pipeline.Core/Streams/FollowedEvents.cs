namespace Netra.Pipeline.Streams;

/// <summary>
/// The events whose acknowledgement is reported to the observer: one sample at a time for its latency, and the ends of runs. Guarded by the
/// stream's lock.
/// </summary>
internal sealed class FollowedEvents(StreamState state)
{
    // Ends of runs that a present user has not acknowledged; above it the oldest count as never acknowledged.
    private const int MaxTerminals = 256;

    // A sample that is not acknowledged for this long makes way for the next.
    private static readonly TimeSpan LongestSample = TimeSpan.FromMinutes(1);

    private Queue<long>? _terminals;
    private long _sampledSeq;
    private long _sampledAt;

    /// <summary>An event was accepted while a page is present: it becomes the sample if there is none.</summary>
    public void Follow(long seq, long acceptedAt, bool isRunsEnd)
    {
        if (_sampledSeq == 0 || state.Time.GetElapsedTime(_sampledAt, acceptedAt) > LongestSample)
        {
            (_sampledSeq, _sampledAt) = (seq, acceptedAt);
        }

        if (isRunsEnd)
        {
            state.Observer.OnTerminalDue();
            _terminals ??= new();
            _terminals.Enqueue(seq);
            if (_terminals.Count > MaxTerminals)
            {
                _terminals.Dequeue();
            }
        }
    }

    public void OnConfirmed(AcknowledgedIntervals confirmed)
    {
        var runs = 0;
        while (_terminals is not null && _terminals.TryPeek(out var seq) && confirmed.Contains(seq))
        {
            _terminals.Dequeue();
            runs++;
        }

        if (runs > 0)
        {
            state.Observer.OnTerminalsAcknowledged(runs);
        }
    }

    /// <summary>How long the sample took, if a device's acknowledgement covers it; null when it does not.</summary>
    public TimeSpan? TakeSample(long above, long through)
    {
        if (_sampledSeq == 0 || _sampledSeq > through || _sampledSeq <= above)
        {
            return null;
        }

        _sampledSeq = 0;
        return state.Time.GetElapsedTime(_sampledAt);
    }

    /// <summary>No page is present any more: how long a user is away says nothing about delivery.</summary>
    public void DropSample() => _sampledSeq = 0;
}
