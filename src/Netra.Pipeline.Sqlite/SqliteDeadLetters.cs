using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The dead letters of <see cref="SqliteEventLog"/>: changed by its writer, read by its readers. May be called in parallel.
/// </summary>
internal sealed class SqliteDeadLetters(SqliteEventLog log) : IDeadLetterStore
{
    public ValueTask<IReadOnlyList<DeadLetter>> AddAsync(
        StreamLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var (open, granted) = (log.Open, SqliteEventLog.Granted(lease));
        var decidedAt = open.Clock.OfWall(at);
        return open.DoAsync(
            new WriterJob<IReadOnlyList<DeadLetter>>("bury", _ => open.DeadLetterWriter.Add(granted, seqs, attempts, decidedAt)),
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterQuery query, CancellationToken cancellationToken)
        => log.Open.Readers.ReadAsync(new FailureScope("list-dead-letters"), store => store.DeadLetters.List(query), cancellationToken);

    public ValueTask<DeadLetter?> FindAsync(long number, CancellationToken cancellationToken)
        => log.Open.Readers.ReadAsync(new FailureScope("find-dead-letter"), store => store.DeadLetters.Find(number), cancellationToken);

    public ValueTask<bool> TrySettleAsync(long number, DeadLetterState state, string? replayedAs, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(state, DeadLetterState.Waiting);
        return log.Open.DoAsync(
            new WriterJob<bool>("settle-dead-letter", store => store.DeadLetters.TrySettle(number, state, replayedAs)), cancellationToken);
    }

    public async ValueTask SettleAcknowledgedAsync(StreamLease lease, IReadOnlyList<long> seqs, CancellationToken cancellationToken)
    {
        var granted = SqliteEventLog.Granted(lease);
        await log.Open.DoAsync(
            new WriterJob<int>("settle-dead-letter", store => store.DeadLetters.SettleAcknowledged(granted.Stream.Id, seqs)),
            cancellationToken);
    }

    public async ValueTask SetWebhookAsync(long number, WebhookState state, CancellationToken cancellationToken)
        => await log.Open.DoAsync(
            new WriterJob<int>("settle-dead-letter", store => store.DeadLetters.SetWebhook(number, state)), cancellationToken);

    public async ValueTask<long> ExpireAsync(DateTimeOffset olderThan, int keep, CancellationToken cancellationToken)
    {
        var waiting = 0L;
        var oldest = log.Open.Clock.OfWall(olderThan);
        bool hasMore;
        do
        {
            var job = new WriterJob<(long Waiting, bool HasMore)>(
                "expire-dead-letters", store => store.DeadLetters.Expire(oldest, keep, Retention.RowsAtOnce));
            (var step, hasMore) = await log.Open.DoAsync(job, cancellationToken);
            waiting += step;
        }
        while (hasMore);

        return waiting;
    }
}
