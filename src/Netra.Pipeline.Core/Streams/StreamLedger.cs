using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// One stream's accounts. Each station counts what passes it, and none of the counts is derived from the others, so that an event that is
/// lost between two stations makes them disagree. Not thread-safe; the stream's lock guards it.
/// </summary>
/// <remarks>
/// Pending is what the log keeps, or has accepted, outside of the acknowledged intervals and of the dead letters; it is the only count that
/// comes from elsewhere (<see cref="Account"/>).
/// </remarks>
internal sealed class StreamLedger(StreamLease lease)
{
    private long _accepted = lease.Account.Accepted;
    private long _acknowledged = lease.Account.Acknowledged;
    private long _expired = lease.Account.Expired;
    private long _deadLettered = lease.Account.DeadLettered;
    private long _kept = lease.Kept;
    private long _inHand;
    private long _lastAccepted = lease.Head;
    private long _lastCommitted = lease.Head;
    private long _faults;

    /// <summary>The emitter's station: a receipt is issued.</summary>
    public void OnAccepted(long seq)
    {
        _accepted++;
        Expect(seq == _lastAccepted + 1);
        _lastAccepted = seq;
    }

    /// <summary>The log has accepted an event, and has yet to store it.</summary>
    public void OnTaken() => _inHand++;

    /// <summary>The log writer's station: rows are committed.</summary>
    public void OnCommitted(long through, int events)
    {
        _inHand -= events;
        _kept += events;
        Expect(through - _lastCommitted == events);
        _lastCommitted = Math.Max(_lastCommitted, through);
    }

    /// <summary>The acknowledgement reader's station: so many events were confirmed that were not before.</summary>
    public void OnAcknowledged(long events) => _acknowledged += events;

    /// <summary>Delivery's station: so many events became dead letters.</summary>
    public void OnDeadLettered(long events) => _deadLettered += events;

    /// <summary>So many dead letters were confirmed after all.</summary>
    public void OnRevived(long events) => _deadLettered -= events;

    /// <summary>Retention's station: rows are deleted.</summary>
    /// <param name="expired">What was deleted.</param>
    /// <param name="numbers">How many numbers the range has, without skipped ones.</param>
    /// <param name="knownLetters">How many of its dead letters were counted when they became that.</param>
    public void OnExpired(in ExpiredRange expired, long numbers, long knownLetters)
    {
        _kept -= expired.Events;
        _expired += expired.Lost;
        _deadLettered += expired.DeadLettered - knownLetters;
        Expect(expired.Events == numbers);
    }

    /// <summary>The account of the stream's events.</summary>
    /// <param name="confirmed">How many kept events lie inside the acknowledged intervals.</param>
    /// <param name="deadLettered">How many kept events are dead letters.</param>
    public StreamAccount Account(long confirmed, long deadLettered)
    {
        // A contradiction that a station found in its numbers is an event without an outcome, and stays one.
        var pending = _kept + _inHand - confirmed - deadLettered;
        return new StreamAccount(_accepted + _faults, _acknowledged, pending, _expired, _deadLettered);
    }

    private void Expect(bool numbersAreRight) => _faults += numbersAreRight ? 0 : 1;
}
