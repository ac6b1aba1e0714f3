namespace Netra.Pipeline.Storage;

/// <summary>
/// Where a user's numbered events are kept: the seam between one node and many. The pipeline numbers events, the log stores them, and
/// counts what it stores, deletes and buries.
/// </summary>
/// <remarks>
/// <para>Contract of concurrency: <see cref="TryAppend"/> is called under the lock of the lease's stream, so never twice at a
/// time for one lease, but in parallel for different leases; it must not block, await or call back into another stream.
/// Everything else may be called in parallel.</para>
/// <para>Wherever the seam says user id, it is the user's key (<see cref="Tenants.UserKey"/>): the id, and before it the tenant, where
/// there is one.</para>
/// <para><em>Stored</em> means that it survives the process. What the log has taken it never gives up while it runs: a commit that fails is
/// tried again, <see cref="Trouble"/> says why, and meanwhile nothing more is taken than the bound allows.</para>
/// <para>Every implementation passes the compliance tests of <c>EventLogComplianceTests</c>.</para>
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>
    /// Names the history that numbers belong to. Opaque, <c>[A-Za-z0-9_-]+</c>; known once <see cref="StartAsync"/> has completed.
    /// </summary>
    string Epoch { get; }

    /// <summary>
    /// What bounds the log, for failure texts: the value, its unit and the option, such as <c>256 bytes (Netra:Log:InMemory:MaxBytes)</c>.
    /// </summary>
    string Bound { get; }

    /// <summary>
    /// Why nothing can be stored at the moment, for people; null while all is well. The pipeline is not ready while there is trouble.
    /// </summary>
    string? Trouble { get; }

    /// <summary>
    /// Which of the files that are open are not those at their paths any more, for people: they were deleted, renamed or replaced while the
    /// process runs. Null while all are, and for a log that has no files.
    /// </summary>
    string? LostFiles => null;

    /// <summary>The accounts of all users' streams without a lease, together; those of the system's own users are not counted.</summary>
    StreamAccount Resting { get; }

    /// <summary>How many users have a stream, leased ones included and the system's own left out.</summary>
    long StreamCount { get; }

    /// <summary>Events that no device confirmed.</summary>
    IDeadLetterStore DeadLetters { get; }

    /// <summary>What pages want of backends.</summary>
    ICommandStore Commands { get; }

    /// <summary>The way of each event.</summary>
    IAuditTrail Audit { get; }

    /// <summary>The threads that events belong to.</summary>
    IThreadIndex Threads { get; }

    /// <summary>Opens the log. Called once, before anything else.</summary>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <exception cref="Failures.SendFailureException">
    /// The log cannot be opened (<c>log_failed</c>); the message says why, and what to do.
    /// </exception>
    ValueTask StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Grants the exclusive right to one user's stream, and says where it stands. When the last owner of a claimed lease ended without
    /// releasing it, the head is 2^20 above the last number stored: numbers that may have been given are not given again.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="own">
    /// Makes of the lease who is told what happens to the stream. Called once, on whatever thread grants it and perhaps under a lock of the
    /// log, before anything is told: it must only make an object.
    /// </param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<StreamLease> OpenAsync(string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken);

    /// <summary>
    /// Does at once what an emitter needs of a stream that has no owner: <see cref="OpenAsync"/>, <see cref="ClaimAsync"/> and
    /// <see cref="FindRunAsync"/>. A log that waits for a disk does it in one go.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="own">As with <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The lease, claimed, and what is known of the run.</returns>
    async ValueTask<(StreamLease Lease, LogRun? Run)> OpenForRunAsync(
        string userId, string threadId, string runId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
    {
        var lease = await OpenAsync(userId, own, cancellationToken);
        await ClaimAsync(lease, cancellationToken);
        return (lease, await FindRunAsync(lease, threadId, runId, cancellationToken));
    }

    /// <summary>
    /// Makes it known, durably, that numbers will be given under the lease. To be awaited before the first
    /// <see cref="TryAppend"/>; a second call has no effect.
    /// </summary>
    /// <param name="lease">The stream.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask ClaimAsync(StreamLease lease, CancellationToken cancellationToken);

    /// <summary>Gives the lease back. The stream has no uncommitted events then.</summary>
    /// <param name="lease">The lease that <see cref="OpenAsync"/> granted.</param>
    /// <param name="acknowledged">What is acknowledged, to be found again by the next <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <exception cref="InvalidOperationException">A newer lease supersedes this one; nothing has changed.</exception>
    ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken);

    /// <summary>Takes the next event of a stream for storing. Order is the order of the calls.</summary>
    /// <param name="lease">The stream; claimed.</param>
    /// <param name="entry">The event; its number is one above the last taken.</param>
    /// <returns>
    /// Whether it was taken; otherwise why not, and then nothing has changed. <see cref="AppendResult.Failed"/> for a lease that a newer
    /// one supersedes, at the latest once the log knows.
    /// </returns>
    AppendResult TryAppend(StreamLease lease, in LogEntry entry);

    /// <summary>
    /// Waits for room for one event, after <see cref="TryAppend"/> has refused it with <see cref="AppendResult.Full"/>, or while there is
    /// <see cref="Trouble"/>. Room comes in the order of these calls and is kept for
    /// whoever has waited: an event without <see cref="LogEntry.HasRoom"/> takes none of it and does not pass those that wait still. No
    /// more are let go than there is room for.
    /// </summary>
    /// <param name="lease">The stream.</param>
    /// <param name="bytes">The length of the event's buffer, or a little more.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>
    /// The room, to be given back by disposing it, after <see cref="TryAppend"/> has taken the event or when it is not to come any more.
    /// Where waiting is in vain, since the log has ended or can never hold so much, it
    /// completes at once, and <see cref="TryAppend"/> says what is wrong.
    /// </returns>
    ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken);

    /// <summary>Reads stored events in order, one bounded page at a time.</summary>
    /// <param name="lease">The stream.</param>
    /// <param name="range">The wanted numbers; all of them are committed, skipped or expired.</param>
    /// <param name="maxBytes">Where the page ends; it holds at least one event if any is kept in the range.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes what retention no longer keeps: events older than a time, and the oldest ones above the log's size. Critical events
    /// that no device has acknowledged become dead letters in the same step, but for those of the system's own users. Keys and
    /// delivery history of that age go too.
    /// </summary>
    /// <param name="olderThan">Events accepted before this time go.</param>
    /// <param name="cancellationToken">Cancels between two deletions.</param>
    /// <returns>What was deleted, one range per stream. The owners of leases know it already.</returns>
    ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken);

    /// <summary>What the log knows of a run; null when it has never seen it, or has deleted its events.</summary>
    /// <param name="lease">The run's stream.</param>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<LogRun?> FindRunAsync(StreamLease lease, string threadId, string runId, CancellationToken cancellationToken);

    /// <summary>
    /// Runs without a terminal event: after a start, those that the end of the last process interrupted, and those that go on elsewhere.
    /// </summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Remembers that a run waits, durably: the run is found waiting until an event of it is stored that was taken after this call. A run
    /// that the log does not know, or knows ended, is passed over.
    /// </summary>
    /// <param name="lease">The run's stream; claimed.</param>
    /// <param name="run">The run.</param>
    /// <param name="until">Until when.</param>
    /// <param name="cancellationToken">Cancels waiting; it may be remembered all the same.</param>
    ValueTask StoreWaitAsync(StreamLease lease, LogRun run, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>The event that was stored under an idempotency key, if the key is kept.</summary>
    /// <param name="hash">The hash of publisher and key.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken);

    /// <summary>The user whose events' ids begin with a stream's id; null when there is none.</summary>
    /// <param name="streamId">The stream's id.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<string?> FindUserAsync(ulong streamId, CancellationToken cancellationToken);

    /// <summary>
    /// Erases a user: events, keys, dead letters, commands, runs, threads and the delivery trail are deleted, and no lease of the stream is
    /// in force any more. The user's account stays in <see cref="Resting"/>, where what was pending counts as erased, and of the stream
    /// a keyed hash of the user and the last number: should the user come back, numbers go on at 2^20 above it. What the log has begun is
    /// known to <see cref="ReadErasuresAsync"/> until <see cref="CompleteErasureAsync"/>. A second call goes on where the first ended.
    /// </summary>
    /// <param name="userId">The user; no reserved one.</param>
    /// <param name="cancellationToken">Cancels between two steps.</param>
    /// <returns>The user's account; empty when the log knows none of that name, or erases it already.</returns>
    ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the erasure of a user, once all else that knows the user is erased too: from here on no byte of the user is in the log's files,
    /// their free space included.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Cancels between two steps.</param>
    ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken);

    /// <summary>The users whose erasure was begun and not completed.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<IReadOnlyList<string>> ReadErasuresAsync(CancellationToken cancellationToken);

    /// <summary>Whether a user has a stream.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<bool> KnowsUserAsync(string userId, CancellationToken cancellationToken);

    /// <summary>The accounts of a tenant's users together, as they are stored, but for some.</summary>
    /// <param name="tenantId">The tenant; empty for users without one. Reserved users are left out.</param>
    /// <param name="except">The keys of users whose accounts are known otherwise.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>How many users these are, and what became of their events.</returns>
    ValueTask<(long Users, StreamAccount Account)> ReadTenantAsync(
        string tenantId, IReadOnlySet<string> except, CancellationToken cancellationToken);
}
