using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The threads of <see cref="SqliteEventLog"/>. May be called in parallel.</summary>
internal sealed class SqliteThreads(SqliteEventLog log) : IThreadIndex
{
    public ValueTask<ThreadPage> ListAsync(StreamLease lease, long before, int limit, CancellationToken cancellationToken)
    {
        // The head is looked up before the reader begins its transaction, which therefore sees it.
        var (open, granted) = (log.Open, SqliteEventLog.Granted(lease));
        var view = granted.View;
        return open.Readers.ReadAsync(
            new FailureScope("list-threads", granted.UserId),
            store => store.Threads.List(view, open.Clock, before, limit),
            cancellationToken);
    }

    public ValueTask<ThreadEvents?> ReadAsync(
        StreamLease lease, string threadId, long after, int limit, int maxBytes, CancellationToken cancellationToken)
    {
        var granted = SqliteEventLog.Granted(lease);
        var view = granted.View;
        return log.Open.Readers.ReadAsync(
            new FailureScope("read-thread", granted.UserId),
            store => store.Threads.ReadPage(view, threadId, after, limit, maxBytes),
            cancellationToken);
    }
}
