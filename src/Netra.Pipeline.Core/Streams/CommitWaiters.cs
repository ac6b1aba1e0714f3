namespace Netra.Pipeline.Streams;

/// <summary>
/// Callers that wait for numbers to be stored. Not thread-safe; the stream's lock guards it. Continuations never run on the releasing
/// thread. Bounded by the callers: one waiter is one publish request.
/// </summary>
internal sealed class CommitWaiters
{
    private PriorityQueue<TaskCompletionSource, long>? _waiters;

    public Task Add(long seq)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters ??= new();
        _waiters.Enqueue(waiter, seq);
        return waiter.Task;
    }

    public void Release(long committed)
    {
        while (_waiters is not null && _waiters.TryPeek(out var waiter, out var seq) && seq <= committed)
        {
            _waiters.Dequeue();
            waiter.SetResult();
        }
    }

    /// <summary>The awaited numbers will not be stored.</summary>
    public void FailAll(Exception cause)
    {
        while (_waiters is not null && _waiters.TryDequeue(out var waiter, out _))
        {
            waiter.SetException(cause);
        }
    }
}
