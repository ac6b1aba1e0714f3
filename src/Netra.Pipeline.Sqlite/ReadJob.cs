namespace Netra.Pipeline.Sqlite;

/// <summary>Something to be read by a reading thread.</summary>
internal abstract class ReadJob
{
    /// <summary>Reads it; never throws.</summary>
    public abstract void Run(ReadStore store);

    /// <summary>It will not be read.</summary>
    public abstract void Fail(Exception cause);
}

/// <summary>Something to be read, with its result.</summary>
/// <param name="read">Reads it.</param>
/// <param name="explain">Makes of what went wrong what the caller gets.</param>
internal sealed class ReadJob<T>(Func<ReadStore, T> read, Func<Exception, Exception> explain) : ReadJob
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<T> WaitAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(
            static (completion, token) => ((TaskCompletionSource<T>)completion!).TrySetCanceled(token), _completion))
        {
            return await _completion.Task;
        }
    }

    public override void Run(ReadStore store)
    {
        if (_completion.Task.IsCanceled)
        {
            return;
        }

        try
        {
            _completion.TrySetResult(store.Read(read));
        }
        catch (Exception exception)
        {
            _completion.TrySetException(explain(exception));
        }
    }

    public override void Fail(Exception cause) => _completion.TrySetException(cause);
}
