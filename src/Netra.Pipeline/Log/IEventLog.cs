namespace Netra.Pipeline.Log;

/// <summary>
/// Where a user's numbered events are kept: the seam between one node and many. The pipeline numbers events, the log stores them.
/// </summary>
/// <remarks>
/// <para>Contract of concurrency: <see cref="TryAppend"/> is called under the lock of the lease's stream, so never twice at a time for one lease, but in
/// parallel for different leases; it must not block, await or call back into another stream. Everything else may be called in parallel.</para>
/// <para>Every implementation passes the compliance tests of <c>EventLogComplianceTests</c>.</para>
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>Names the history that numbers belong to. Opaque, <c>[A-Za-z0-9_-]+</c>; known once <see cref="StartAsync"/> has completed.</summary>
    string Epoch { get; }

    /// <summary>What bounds the log, for failure texts: the value, its unit and the option, such as <c>256 bytes (Netra:Log:InMemory:MaxBytes)</c>.</summary>
    string Bound { get; }

    /// <summary>Opens the log. Called once, before anything else.</summary>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <exception cref="Failures.SendFailureException">The log cannot be opened (<c>log_failed</c>).</exception>
    ValueTask StartAsync(CancellationToken cancellationToken);

    /// <summary>Grants the exclusive right to number one user's events, and says where their stream stands.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="committed">
    /// Told the highest number that is stored, in increasing order. It may be called inside <see cref="TryAppend"/> or from a thread of the log;
    /// it takes the stream's lock for a short time and never throws.
    /// </param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<StreamLease> OpenAsync(string userId, Action<long> committed, CancellationToken cancellationToken);

    /// <summary>Gives the lease back. The stream has no uncommitted events then.</summary>
    /// <param name="lease">The lease that <see cref="OpenAsync"/> granted.</param>
    /// <param name="acknowledged">What is acknowledged, to be found again by the next <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <exception cref="InvalidOperationException">A newer lease supersedes this one; nothing has changed.</exception>
    ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken);

    /// <summary>Takes the next event of a stream for storing. Order is the order of the calls.</summary>
    /// <param name="lease">The stream.</param>
    /// <param name="entry">The event; its number is one above the last taken.</param>
    /// <returns>
    /// Whether it was taken; otherwise why not, and then nothing has changed. <see cref="AppendResult.Failed"/> for a lease that a newer one supersedes, at the latest once the log knows.
    /// </returns>
    AppendResult TryAppend(StreamLease lease, in LogEntry entry);

    /// <summary>Reads stored events in order, one bounded page at a time.</summary>
    /// <param name="lease">The stream.</param>
    /// <param name="range">The wanted numbers; all of them are committed or expired, so that one that is not returned is taken for expired.</param>
    /// <param name="maxBytes">Where the page ends; it holds at least one event if any is kept in the range.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Deletes what retention no longer keeps: events older than a time, and the oldest ones above the log's size.</summary>
    /// <param name="olderThan">Events accepted before this time go.</param>
    /// <param name="cancellationToken">Cancels between two deletions.</param>
    /// <returns>What was deleted, one range per stream.</returns>
    ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken);
}
