using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Benchmarks.Streams;

/// <summary>
/// A log that takes everything, keeps nothing, and commits every 64 events: what is left of an append is the stream's own part.
/// </summary>
/// <param name="log">Answers all other questions.</param>
internal sealed class TakingLog(IEventLog log) : IEventLog
{
    private const int CommitEvery = 64;

    private IStreamOwner? _owner;

    public string Epoch => log.Epoch;

    public string Bound => log.Bound;

    public string? Trouble => log.Trouble;

    public StreamAccount Resting => log.Resting;

    public long StreamCount => log.StreamCount;

    public IDeadLetterStore DeadLetters => log.DeadLetters;

    public ICommandStore Commands => log.Commands;

    public IAuditTrail Audit => log.Audit;

    public IThreadIndex Threads => log.Threads;

    public ValueTask StartAsync(CancellationToken cancellationToken) => log.StartAsync(cancellationToken);

    public ValueTask<StreamLease> OpenAsync(string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => log.OpenAsync(userId, lease => _owner = own(lease), cancellationToken);

    public ValueTask ClaimAsync(StreamLease lease, CancellationToken cancellationToken) => log.ClaimAsync(lease, cancellationToken);

    public ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
        => log.ReleaseAsync(lease, acknowledged, cancellationToken);

    public AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        if (entry.Seq % CommitEvery == 0)
        {
            _owner!.OnCommitted(entry.Seq, CommitEvery);
        }

        return AppendResult.Taken;
    }

    public ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken)
        => log.WaitForRoomAsync(lease, bytes, cancellationToken);

    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => log.ReadPageAsync(lease, range, maxBytes, cancellationToken);

    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
        => log.ExpireAsync(olderThan, cancellationToken);

    public ValueTask<LogRun?> FindRunAsync(StreamLease lease, string threadId, string runId, CancellationToken cancellationToken)
        => log.FindRunAsync(lease, threadId, runId, cancellationToken);

    public ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken)
        => log.ReadOpenRunsAsync(cancellationToken);

    public ValueTask StoreWaitAsync(StreamLease lease, LogRun run, DateTimeOffset until, CancellationToken cancellationToken)
        => log.StoreWaitAsync(lease, run, until, cancellationToken);

    public ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken)
        => log.FindKeyAsync(hash, cancellationToken);

    public ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
        => log.EraseAsync(userId, cancellationToken);

    public ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken)
        => log.CompleteErasureAsync(userId, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ReadErasuresAsync(CancellationToken cancellationToken)
        => log.ReadErasuresAsync(cancellationToken);

    public ValueTask<string?> FindUserAsync(ulong streamId, CancellationToken cancellationToken)
        => log.FindUserAsync(streamId, cancellationToken);

    public ValueTask<bool> KnowsUserAsync(string userId, CancellationToken cancellationToken)
        => log.KnowsUserAsync(userId, cancellationToken);

    public ValueTask<(long Users, StreamAccount Account)> ReadTenantAsync(
        string tenantId, IReadOnlySet<string> except, CancellationToken cancellationToken)
        => log.ReadTenantAsync(tenantId, except, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
