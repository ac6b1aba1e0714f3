using System.Collections.Concurrent;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Makes one event of all publishes under one key. The first one runs, and those that come meanwhile wait until it is accepted or refused;
/// how long it then takes to be stored, each publisher waits for by itself, as for any event. Once it is stored, the log answers.
/// </summary>
/// <remarks>
/// <para>Safe to use from any thread; no lock. A key has one entry at most, and only who made it looks into the log and emits. The entry of
/// an accepted event leaves after the log has committed event and key together, so there is no moment at which neither the entry nor the
/// log would answer. While the commit is uncertain the entry stays, whatever the publisher was told: another try must wait, or it would
/// make a second event.</para>
/// <para>
/// Bounded by what is under way: one entry for each event that is being published, and for each that the log has taken and not committed,
/// which the log bounds.
/// </para>
/// </remarks>
/// <param name="log">The log, which knows the stored keys.</param>
/// <param name="window">For how long a key is kept.</param>
/// <param name="time">The clock.</param>
internal sealed class IdempotencyIndex(IEventLog log, TimeSpan window, ServedTime time)
{
    private readonly ConcurrentDictionary<UInt128, FirstPublish> _underWay = new();

    /// <summary>For how long a key is kept.</summary>
    public TimeSpan Window => window;

    /// <summary>How many keys are under way.</summary>
    public int Count => _underWay.Count;

    /// <summary>Emits an event, unless one has been emitted under its key.</summary>
    /// <param name="hashes">The key and the event.</param>
    /// <param name="scope">Whose event it is, for the failure.</param>
    /// <param name="emit">Emits the event under a key: returns what was accepted, or throws when nothing was.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    /// <exception cref="SendFailureException">
    /// The key was used for other content (<c>idempotency_conflict</c>), or the log cannot be asked (<c>log_failed</c>).
    /// </exception>
    public async ValueTask<KeyedReceipt> EmitAsync(
        IdempotencyHashes hashes,
        FailureScope scope,
        Func<PublishKey, CancellationToken, ValueTask<EventReceipt>> emit,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var own = new FirstPublish(hashes.Content);
            var first = _underWay.GetOrAdd(hashes.Key, own);
            if (first == own)
            {
                return await BeFirstAsync(hashes, own, scope, emit, cancellationToken);
            }

            // Only an accepted event binds the key: where the first publish is refused, the next one is the first.
            if (await first.Decided.WaitAsync(cancellationToken) is { } accepted)
            {
                return first.Content == hashes.Content
                    ? accepted with { IsRepeat = true }
                    : throw SendFailureException.IdempotencyConflict(scope);
            }
        }
    }

    private async ValueTask<KeyedReceipt> BeFirstAsync(
        IdempotencyHashes hashes,
        FirstPublish own,
        FailureScope scope,
        Func<PublishKey, CancellationToken, ValueTask<EventReceipt>> emit,
        CancellationToken cancellationToken)
    {
        KeyedReceipt outcome;
        try
        {
            outcome = await FindAsync(hashes, scope, cancellationToken)
                ?? new KeyedReceipt(await emit(KeyOf(hashes), cancellationToken), Earlier: null, IsRepeat: false);
        }
        catch
        {
            Leave(hashes.Key, own);
            own.Decide(null);
            throw;
        }

        own.Decide(outcome);
        _ = LeaveOnceStoredAsync(hashes.Key, own, outcome.Receipt);
        return outcome;
    }

    private PublishKey KeyOf(in IdempotencyHashes hashes)
        => new(hashes.Key, hashes.Content, time.GetUtcNow() + window);

    private async ValueTask<KeyedReceipt?> FindAsync(IdempotencyHashes hashes, FailureScope scope, CancellationToken cancellationToken)
    {
        StoredKey? stored;
        try
        {
            stored = await log.FindKeyAsync(hashes.Key, cancellationToken);
        }
        catch (Exception exception) when (exception is not (PipelineException or OperationCanceledException))
        {
            throw SendFailureException.LogFailed(
                scope, "whether the idempotency key is known could not be read", innerException: exception);
        }

        return stored is null ? null
            : stored.Content == hashes.Content ? new KeyedReceipt(default, stored, IsRepeat: true)
            : throw SendFailureException.IdempotencyConflict(scope);
    }

    private async Task LeaveOnceStoredAsync(UInt128 key, FirstPublish own, EventReceipt receipt)
    {
        try
        {
            await receipt.WhenCommittedAsync();
        }
        catch (SendFailureException)
        {
            // The log has ended without storing it, and says so to everybody who waits for the event. Nothing is stored under the key, so
            // nothing is to be remembered.
        }
        finally
        {
            Leave(key, own);
        }
    }

    private void Leave(UInt128 key, FirstPublish own) => _underWay.TryRemove(KeyValuePair.Create(key, own));

    /// <summary>The first publish under a key while it is under way.</summary>
    /// <param name="content">The hash of what is published.</param>
    private sealed class FirstPublish(UInt128 content)
    {
        // Publishes that wait go on on threads of the pool: the first one must not do their work.
        private readonly TaskCompletionSource<KeyedReceipt?> _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public UInt128 Content => content;

        /// <summary>
        /// Its outcome once the event is accepted, though perhaps not stored; null when it was refused, so that the next publish is the
        /// first.
        /// </summary>
        public Task<KeyedReceipt?> Decided => _decided.Task;

        public void Decide(KeyedReceipt? outcome) => _decided.SetResult(outcome);
    }
}

/// <summary>What became of an event that is emitted under a key.</summary>
/// <param name="Receipt">Its receipt; meaningless with <paramref name="Earlier"/>.</param>
/// <param name="Earlier">The event that the log has stored under the key; null when this process has emitted it.</param>
/// <param name="IsRepeat">Whether it was emitted before: no event was made.</param>
internal readonly record struct KeyedReceipt(EventReceipt Receipt, StoredKey? Earlier, bool IsRepeat)
{
    /// <summary>The event's id.</summary>
    public string Id => Earlier is { } earlier
        ? EventDraft.IdOf(EventDraft.KeyOf(earlier.StreamId), earlier.Seq)
        : Receipt.AssignedId;
}
