namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Something to be done by the writer, in its place among the events: in the same transaction as those before it,
/// and completed after the commit.
/// </summary>
internal abstract class WriterJob(string operation)
{
    /// <summary>What it does, for a failure's text.</summary>
    public string Operation { get; } = operation;

    /// <summary>Whether it wants a transaction of its own.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Whether its caller does not wait any more: it was cancelled, or done out of order.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Does it. After a rollback it is called again.</summary>
    public abstract void Run(LogStore store);

    /// <summary>Does it now, outside of a transaction and ahead of what waits before it, if it can be done without writing.</summary>
    public abstract void TryAhead(LogStore store);

    /// <summary>It is committed.</summary>
    public abstract void Complete(LogStore store);

    /// <summary>It will not be done.</summary>
    public abstract void Fail(Exception cause);
}

/// <summary>A job with a result.</summary>
/// <param name="operation">What it does, for a failure's text.</param>
/// <param name="run">Does it, within the transaction; again after a rollback.</param>
/// <param name="kept">What follows from it once it is committed, before the caller gets the result; null for nothing.</param>
/// <param name="unwanted">What is to be done when it is committed, but no caller gets the result; null for nothing.</param>
/// <param name="ahead">
/// Does it without writing, while nothing can be written; returns null when that is not possible. Null for what always writes, or must
/// keep its turn.
/// </param>
internal sealed class WriterJob<T>(
    string operation,
    Func<LogStore, T> run,
    Action<LogStore, T>? kept = null,
    Action<LogStore, T>? unwanted = null,
    Func<LogStore, T?>? ahead = null) : WriterJob(operation)
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public override bool IsOver => _completion.Task.IsCompleted;

    /// <summary>Waits for the result. A caller that cancels gets a cancellation; the job may be done all the same.</summary>
    public async ValueTask<T> WaitAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(
            static (completion, token) => ((TaskCompletionSource<T>)completion!).TrySetCanceled(token), _completion))
        {
            return await _completion.Task;
        }
    }

    public override void Run(LogStore store) => _result = run(store);

    public override void TryAhead(LogStore store)
    {
        if (ahead is not null && !IsOver && ahead(store) is { } result)
        {
            _result = result;
            store.KeepUnwritten();
            Complete(store);
        }
    }

    public override void Complete(LogStore store)
    {
        try
        {
            kept?.Invoke(store, _result);
        }
        catch (Exception exception)
        {
            _completion.TrySetException(exception);
        }

        if (!_completion.TrySetResult(_result))
        {
            unwanted?.Invoke(store, _result);
        }
    }

    public override void Fail(Exception cause) => _completion.TrySetException(cause);
}
