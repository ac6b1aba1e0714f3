using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Erases users in one transaction of the writer's after the other, so that others are stored in between. May be called in parallel.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class SqliteErasure(OpenLog log, TimeProvider time)
{
    /// <inheritdoc cref="IEventLog.EraseAsync"/>
    public async ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
    {
        var account = await DoAsync("erase", erasure => erasure.Begin(userId), cancellationToken);
        var scan = new ErasureScan();
        while (await DoAsync("erase", erasure => erasure.Step(userId, scan), cancellationToken))
        {
        }

        return account;
    }

    /// <inheritdoc cref="IEventLog.CompleteErasureAsync"/>
    public async ValueTask CompleteAsync(string userId, CancellationToken cancellationToken)
    {
        for (long? page = 0; page is { } next;)
        {
            page = await ScrubAsync(next, cancellationToken);
        }

        // Before and after the user's name goes: whatever moment the process ends at, either the name is there, so that it begins anew, or
        // nothing but the name was left to go.
        await TruncateAsync(cancellationToken);
        await DoAsync("erase", erasure => erasure.End(userId), cancellationToken);
        await TruncateAsync(cancellationToken);
    }

    public ValueTask<IReadOnlyList<string>> ReadAsync(CancellationToken cancellationToken)
        => log.DoAsync(
            new WriterJob<IReadOnlyList<string>>("read-erasures", static store => store.Erased.ReadUnderWay()), cancellationToken);

    private ValueTask<T> DoAsync<T>(string operation, Func<Erasure, T> step, CancellationToken cancellationToken)
        => log.DoAsync(new WriterJob<T>(operation, _ => step(log.Erasure)) { IsAlone = true }, cancellationToken);

    // What was deleted is in the write-ahead log too, until that begins anew.
    private async ValueTask TruncateAsync(CancellationToken cancellationToken)
        => await WhenTruncatedAsync(static () => true, cancellationToken);

    private ValueTask<long?> ScrubAsync(long page, CancellationToken cancellationToken)
        => WhenTruncatedAsync(() => log.Erasure.Scrub(page), cancellationToken);

    // By the writer, so that nothing comes into the write-ahead log in between.
    private async ValueTask<T> WhenTruncatedAsync<T>(Func<T> act, CancellationToken cancellationToken)
    {
        var (isDone, result) = (false, default(T)!);
        while (true)
        {
            var job = new WriterJob<bool>("truncate", static _ => true, kept: (store, _) =>
            {
                if (store.Database.TryTruncateJournal())
                {
                    (result, isDone) = (act(), true);
                }
            });
            await log.DoAsync(job, cancellationToken);
            if (isDone)
            {
                return result;
            }

            await Task.Delay(JournalTruncation.Pause, time, cancellationToken);
        }
    }
}
