using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Deletes what retention no longer keeps, in one transaction of the writer's after the other. May be called in parallel.
/// </summary>
internal sealed class SqliteExpiry : IDisposable
{
    // One at a time, so that what each deletes of a stream is one range.
    private readonly SemaphoreSlim _expiring = new(1, 1);

    public void Dispose() => _expiring.Dispose();

    /// <summary>Deletes, until nothing is left to be deleted or it is cancelled.</summary>
    /// <returns>What was deleted, a range a stream.</returns>
    public async ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(
        OpenLog log, DateTimeOffset olderThan, CancellationToken cancellationToken)
    {
        var oldest = log.Clock.OfWall(olderThan);
        var expired = new Dictionary<string, ExpiredRange>(StringComparer.Ordinal);
        try
        {
            await _expiring.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return [];
        }

        try
        {
            bool hasMore;
            do
            {
                var step = await log.DoAsync(ExpireJob(log, oldest), cancellationToken);
                hasMore = step.HasMore;
                log.ReportDamaged(step.Damaged);
                foreach (var deleted in step.Deleted)
                {
                    expired[deleted.Stream.UserId] = expired.TryGetValue(deleted.Stream.UserId, out var before)
                        ? before.And(deleted.Expired)
                        : deleted.Expired;
                }
            }
            while (hasMore && !cancellationToken.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What was deleted until now is told all the same.
        }
        finally
        {
            _expiring.Release();
        }

        return [.. expired.Values];
    }

    // In a transaction of its own, which stays short, and which finds an owner wherever there is a lease.
    private static WriterJob<RetentionStep> ExpireJob(OpenLog log, DateTimeOffset olderThan) => new(
        "expire",
        _ => log.Retention.Expire(olderThan),
        kept: (_, step) => LogStore.TellOwners(step.Deleted, log.Writer.ReportOwner))
    {
        IsAlone = true,
    };
}
