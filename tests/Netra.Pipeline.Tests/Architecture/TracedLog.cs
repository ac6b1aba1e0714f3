using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>The SQLite log, which says when it is given an event, and when it tells that one is stored.</summary>
internal sealed class TracedLog(SqliteEventLog log, TracedEvent traced) : DelegatingEventLog(log)
{
    public const string Append = "To the log";
    public const string Commit = "Stored";

    public override ValueTask<StreamLease> OpenAsync(
        string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => base.OpenAsync(userId, lease => new TracedOwner(own(lease), traced), cancellationToken);

    public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        traced.Reached(Append, through: "/Publishing/");
        return base.TryAppend(lease, entry);
    }

    private sealed class TracedOwner(IStreamOwner owner, TracedEvent traced) : IStreamOwner
    {
        public void OnCommitted(long through, int events)
        {
            traced.Reached(Commit);
            owner.OnCommitted(through, events);
        }

        public IReadOnlyList<SeqRange> ReadAcknowledged() => owner.ReadAcknowledged();

        public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => owner.OnExpiring(range);

        public void OnExpired(in ExpiredRange expired) => owner.OnExpired(expired);

        public void OnAbandoned(Exception cause) => owner.OnAbandoned(cause);
    }
}
