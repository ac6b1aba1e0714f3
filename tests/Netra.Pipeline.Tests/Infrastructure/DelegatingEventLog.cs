using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A log that does what another one does; tests change a part of it.</summary>
internal abstract class DelegatingEventLog(IEventLog log) : IEventLog
{
    public string Epoch => log.Epoch;

    public virtual string Bound => log.Bound;

    public virtual string? Trouble => log.Trouble;

    public virtual string? LostFiles => log.LostFiles;

    public StreamAccount Resting => log.Resting;

    public long StreamCount => log.StreamCount;

    public virtual IDeadLetterStore DeadLetters => log.DeadLetters;

    public virtual ICommandStore Commands => log.Commands;

    public virtual IAuditTrail Audit => log.Audit;

    public virtual IThreadIndex Threads => log.Threads;

    public virtual ValueTask StartAsync(CancellationToken cancellationToken) => log.StartAsync(cancellationToken);

    public virtual ValueTask<StreamLease> OpenAsync(string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => log.OpenAsync(userId, own, cancellationToken);

    public virtual ValueTask ClaimAsync(StreamLease lease, CancellationToken cancellationToken) => log.ClaimAsync(lease, cancellationToken);

    public virtual ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
        => log.ReleaseAsync(lease, acknowledged, cancellationToken);

    public virtual AppendResult TryAppend(StreamLease lease, in LogEntry entry) => log.TryAppend(lease, entry);

    public virtual ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken)
        => log.WaitForRoomAsync(lease, bytes, cancellationToken);

    public virtual ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => log.ReadPageAsync(lease, range, maxBytes, cancellationToken);

    public virtual ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
        => log.ExpireAsync(olderThan, cancellationToken);

    public ValueTask<LogRun?> FindRunAsync(StreamLease lease, string threadId, string runId, CancellationToken cancellationToken)
        => log.FindRunAsync(lease, threadId, runId, cancellationToken);

    public virtual ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken)
        => log.ReadOpenRunsAsync(cancellationToken);

    public virtual ValueTask StoreWaitAsync(StreamLease lease, LogRun run, DateTimeOffset until, CancellationToken cancellationToken)
        => log.StoreWaitAsync(lease, run, until, cancellationToken);

    public virtual ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken)
        => log.FindKeyAsync(hash, cancellationToken);

    public ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
        => log.EraseAsync(userId, cancellationToken);

    public virtual ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken)
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

    public virtual ValueTask DisposeAsync() => log.DisposeAsync();
}
