namespace Netra.Pipeline.Storage;

/// <summary>
/// Events that no device confirmed, kept with their content until an operator has dealt with them, or their own retention deletes them. May
/// be called in parallel; every change is durable when it completes.
/// </summary>
public interface IDeadLetterStore
{
    /// <summary>Makes dead letters of stored events. One that is a dead letter already stays as it is.</summary>
    /// <param name="lease">Their stream.</param>
    /// <param name="seqs">Their numbers; all of them committed and kept.</param>
    /// <param name="attempts">How often each was sent.</param>
    /// <param name="at">When it was decided.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The new dead letters, in order.</returns>
    ValueTask<IReadOnlyList<DeadLetter>> AddAsync(
        StreamLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Lists dead letters in the order in which they came.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterQuery query, CancellationToken cancellationToken);

    /// <summary>One dead letter; null when there is none of that number (any more).</summary>
    /// <param name="number">Its number.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<DeadLetter?> FindAsync(long number, CancellationToken cancellationToken);

    /// <summary>Settles a dead letter that is waiting.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="state">What became of it; not <see cref="DeadLetterState.Waiting"/>.</param>
    /// <param name="replayedAs">The id of the event that repeats it, for <see cref="DeadLetterState.Replayed"/>.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Whether it was waiting; otherwise nothing has changed.</returns>
    ValueTask<bool> TrySettleAsync(long number, DeadLetterState state, string? replayedAs, CancellationToken cancellationToken);

    /// <summary>Settles the dead letters of numbers that a device has acknowledged after all.</summary>
    /// <param name="lease">Their stream.</param>
    /// <param name="seqs">Their numbers.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask SettleAcknowledgedAsync(StreamLease lease, IReadOnlyList<long> seqs, CancellationToken cancellationToken);

    /// <summary>Says how far the webhook has come with a dead letter.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="state">How far.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask SetWebhookAsync(long number, WebhookState state, CancellationToken cancellationToken);

    /// <summary>Deletes dead letters that are older than a time, whatever their state, and the oldest ones above a count.</summary>
    /// <param name="olderThan">Those that came before this time go.</param>
    /// <param name="keep">How many are kept at most.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>How many of the deleted ones were still waiting for an operator.</returns>
    ValueTask<long> ExpireAsync(DateTimeOffset olderThan, int keep, CancellationToken cancellationToken);
}

/// <summary>Which dead letters are listed.</summary>
public sealed record DeadLetterQuery
{
    /// <summary>Only those of a user; all when null.</summary>
    public string? UserId { get; init; }

    /// <summary>Only those of a tenant's users, or with an empty one of users without a tenant; all when null.</summary>
    public string? TenantId { get; init; }

    /// <summary>Only those in a state; all when null.</summary>
    public DeadLetterState? State { get; init; }

    /// <summary>Only those with which the webhook has come so far; all when null.</summary>
    public WebhookState? Webhook { get; init; }

    /// <summary>Only those with a higher number.</summary>
    public long After { get; init; }

    /// <summary>How many at most, from 1.</summary>
    public int Limit { get; init; } = 100;
}
