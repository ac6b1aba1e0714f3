using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The commands of the SQLite log. Every change is a job of the writer, in its place among the events.</summary>
internal sealed class SqliteCommands(SqliteEventLog log) : ICommandStore
{
    public async ValueTask AddAsync(string commandId, NewCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        await DoAsync(
            "add-command",
            store =>
            {
                store.Commands.Insert(commandId, command, store.Now);
                return true;
            },
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<StoredCommand>> ReadUntakenAsync(CancellationToken cancellationToken)
        => log.Open.Readers.ReadAsync(new FailureScope("read-commands"), static store => store.Commands.ReadUntaken(), cancellationToken);

    public ValueTask<StoredCommand?> FindAsync(string commandId, CancellationToken cancellationToken)
        => log.Open.Readers.ReadAsync(new FailureScope("find-command"), store => store.Commands.Find(commandId), cancellationToken);

    public ValueTask<bool> TryTakeAsync(string commandId, string? startedRunId, CancellationToken cancellationToken)
        => DoAsync("take-command", store => store.Commands.TryTake(commandId, startedRunId, store.Now), cancellationToken);

    public ValueTask<bool> TryRenewAsync(string commandId, string? publisher, CancellationToken cancellationToken)
        => DoAsync("renew-command", store => store.Commands.TryRenew(commandId, publisher), cancellationToken);

    public async ValueTask WithdrawAsync(IReadOnlyList<string> commandIds, CancellationToken cancellationToken)
        => await DoAsync("withdraw-commands", store => store.Commands.Withdraw(commandIds), cancellationToken);

    public async ValueTask ForgetAsync(TimeSpan settled, TimeSpan messages, CancellationToken cancellationToken)
    {
        bool hasMore;
        do
        {
            hasMore = await DoAsync(
                "forget-commands",
                store => store.Commands.Forget(store.Now - settled, store.Now - messages, Retention.RowsAtOnce),
                cancellationToken);
        }
        while (hasMore);
    }

    public async ValueTask SubscribeAsync(string publisher, CancellationToken cancellationToken)
        => await DoAsync("subscribe", store => store.Commands.Subscribe(publisher), cancellationToken);

    public async ValueTask UnsubscribeAsync(string publisher, CancellationToken cancellationToken)
        => await DoAsync("unsubscribe", store => store.Commands.Unsubscribe(publisher), cancellationToken);

    public ValueTask<IReadOnlyList<string>> ReadSubscribersAsync(CancellationToken cancellationToken) => log.Open.Readers.ReadAsync(
        new FailureScope("read-commands"), static store => store.Commands.ReadSubscribers(), cancellationToken);

    private ValueTask<T> DoAsync<T>(string operation, Func<LogStore, T> change, CancellationToken cancellationToken)
        => log.Open.DoAsync(new WriterJob<T>(operation, change), cancellationToken);
}
