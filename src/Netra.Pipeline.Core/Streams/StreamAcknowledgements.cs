using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// What devices have acknowledged, and what follows from it for critical events, dead letters and the accounts. Guarded by the stream's
/// lock, but for <see cref="UnconfirmedSince"/>.
/// </summary>
internal sealed class StreamAcknowledgements
{
    private readonly StreamState _state;
    private readonly AcknowledgedIntervals _intervals;
    private readonly List<SeqRange> _skipped;
    private long _unconfirmedSince;

    public StreamAcknowledgements(StreamState state)
    {
        var lease = state.Lease;
        _state = state;
        _skipped = [.. lease.Skipped];
        _intervals = new AcknowledgedIntervals(state.Services.Options.MaxAcknowledgedRanges);
        _intervals.Forget(lease.ExpiredThrough);
        foreach (var range in lease.Acknowledged)
        {
            _intervals.Add(range);
        }

        Criticals = new CriticalEvents(_intervals);
        DeadLetters = new DeadLetterNumbers(state.Ledger, lease.DeadLettered.Where(seq => !_intervals.Contains(seq)));
        Followed = new FollowedEvents(state);
    }

    /// <summary>The unconfirmed critical events.</summary>
    public CriticalEvents Criticals { get; }

    public DeadLetterNumbers DeadLetters { get; }

    /// <summary>The events whose acknowledgement is reported to the observer.</summary>
    public FollowedEvents Followed { get; }

    /// <summary>
    /// Since when a page has made no progress whose connection was closed as unconfirmed, as a timestamp; 0 when it has, or when the alarm
    /// was raised. The next connection continues from there. Needs no lock.
    /// </summary>
    public long UnconfirmedSince
    {
        get => Volatile.Read(ref _unconfirmedSince);
        set => Volatile.Write(ref _unconfirmedSince, value);
    }

    public IReadOnlyList<SeqRange> Ranges => _intervals.Ranges;

    public long ContiguousThrough => _intervals.ContiguousThrough;

    /// <summary>How many kept events are acknowledged. Skipped numbers lie inside acknowledged intervals, but no events do there.</summary>
    public long Events
    {
        get
        {
            var confirmed = _intervals.Count;
            foreach (var skip in _skipped)
            {
                confirmed -= _intervals.CountWithin(skip);
            }

            return confirmed;
        }
    }

    public bool Contains(long seq) => _intervals.Contains(seq);

    /// <summary>Whether an event is neither acknowledged nor a dead letter.</summary>
    public bool IsOpen(long seq) => !_intervals.Contains(seq) && !DeadLetters.Contains(seq);

    public long CountWithin(SeqRange range) => _intervals.CountWithin(range);

    /// <summary>
    /// Takes an acknowledgement. Events that expired unacknowledged stay so: it is unknown whether they were delivered, however far the
    /// cursor has come. The whole coverage is confirmed each time, so that a range that was refused for want of room comes again.
    /// </summary>
    /// <param name="coverageFrom">Where the device's coverage begins.</param>
    /// <param name="seq">The number it acknowledges.</param>
    /// <returns>Whether it confirmed something new, for which callers may be waiting.</returns>
    public bool Confirm(long coverageFrom, long seq)
    {
        var range = new SeqRange(Math.Max(coverageFrom, _state.ExpiringThrough) + 1, seq);
        var before = Events;
        if (range.Count <= 0 || !_intervals.Add(range) || Events - before is not (> 0 and var confirmed))
        {
            return false;
        }

        _unconfirmedSince = 0;
        _state.Ledger.OnAcknowledged(confirmed);
        if (!_state.IsSystem)
        {
            _state.Services.Counters.OnAcknowledged(confirmed);
        }

        _state.Lease.AcknowledgementsChanged = true;
        if (Criticals.Oldest != 0 && Criticals.Oldest <= seq)
        {
            Criticals.Trim();
        }

        Followed.OnConfirmed(_intervals);
        DeadLetters.Revive(range);
        return true;
    }

    /// <summary>Retention has deleted events.</summary>
    public void OnExpired(in ExpiredRange expired)
    {
        var range = expired.Range;
        var letters = DeadLetters.Forget(range.To);
        _state.Ledger.OnExpired(expired, range.Count - SeqRanges.CountWithin(range, _skipped), letters);
        _state.ExpiredThrough = Math.Max(_state.ExpiredThrough, range.To);
        _intervals.Forget(range.To);
        _skipped.RemoveAll(skip => skip.To <= range.To);
        Criticals.Trim();
    }
}

/// <summary>The result of an acknowledgement.</summary>
internal enum AcknowledgeOutcome
{
    /// <summary>It confirmed something new.</summary>
    Progress,

    /// <summary>It confirmed nothing new.</summary>
    NoOp,

    /// <summary>It confirms numbers that were never written: a protocol error.</summary>
    AboveWritten,
}
