namespace Netra.Pipeline.Storage;

/// <summary>Events of one stream that retention has deleted.</summary>
/// <param name="UserId">The user whose events they were.</param>
/// <param name="Range">The first and the last of their numbers.</param>
/// <param name="Events">How many they were: skipped numbers may lie between.</param>
/// <param name="Unacknowledged">How many of them nobody had acknowledged.</param>
/// <param name="DeadLettered">How many of the unacknowledged ones are dead letters, now or since before.</param>
public readonly record struct ExpiredRange(string UserId, SeqRange Range, long Events, long Unacknowledged, long DeadLettered)
{
    /// <summary>How many are gone without a trace: neither acknowledged nor a dead letter.</summary>
    public long Lost => Unacknowledged - DeadLettered;

    /// <summary>This and what was deleted of the same stream right after it.</summary>
    internal ExpiredRange And(in ExpiredRange next) => new(
        UserId, Range with { To = next.Range.To }, Events + next.Events, Unacknowledged + next.Unacknowledged, DeadLettered + next.DeadLettered);
}
