namespace Netra.Pipeline.Storage;

/// <summary>
/// The holder of a lease, which is told what the log does with the stream. Called from threads of the log, or inside
/// <see cref="IEventLog.TryAppend"/>; it takes the stream's lock for a short time and never throws.
/// </summary>
public interface IStreamOwner
{
    /// <summary>Events were stored.</summary>
    /// <param name="through">The highest number that is stored; it never decreases.</param>
    /// <param name="events">How many events this commit stored.</param>
    void OnCommitted(long through, int events);

    /// <summary>
    /// What is acknowledged at the moment. The log asks now and then, when
    /// <see cref="StreamLease.AcknowledgementsChanged"/> says that it is worth it.
    /// </summary>
    IReadOnlyList<SeqRange> ReadAcknowledged();

    /// <summary>Events are about to be deleted.</summary>
    /// <param name="range">Their numbers; skipped ones may lie between.</param>
    /// <returns>
    /// Which of these numbers no device has acknowledged. From here on an acknowledgement of any number in the range confirms nothing.
    /// </returns>
    IReadOnlyList<SeqRange> OnExpiring(SeqRange range);

    /// <summary>Events were deleted; after <see cref="OnExpiring"/> for the same range.</summary>
    /// <param name="expired">What was deleted.</param>
    void OnExpired(in ExpiredRange expired);

    /// <summary>The log ends without having stored all that it has taken; those that wait for it fail.</summary>
    /// <param name="cause">Why.</param>
    void OnAbandoned(Exception cause);
}

/// <summary>Events of one stream that retention has deleted.</summary>
/// <param name="UserId">The user whose events they were.</param>
/// <param name="Range">The first and the last of their numbers.</param>
/// <param name="Events">How many they were: skipped numbers may lie between.</param>
/// <param name="Unacknowledged">How many of them no device had acknowledged.</param>
/// <param name="DeadLettered">How many of the unacknowledged ones are dead letters, now or since before.</param>
public readonly record struct ExpiredRange(string UserId, SeqRange Range, long Events, long Unacknowledged, long DeadLettered)
{
    /// <summary>How many are gone without a trace: neither acknowledged nor a dead letter.</summary>
    public long Lost => Unacknowledged - DeadLettered;

    /// <summary>This and what was deleted of the same stream right after it.</summary>
    internal ExpiredRange And(in ExpiredRange next) => new(
        UserId,
        Range with { To = next.Range.To },
        Events + next.Events,
        Unacknowledged + next.Unacknowledged,
        DeadLettered + next.DeadLettered);
}
