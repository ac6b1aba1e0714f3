namespace Netra.Pipeline.Streams;

/// <summary>
/// Who waits for numbers to be stored. Not thread-safe; the stream's lock guards it. Continuations never run on the releasing thread. Bounded by the callers: one
/// waiter is one publish request.
/// </summary>
internal sealed class CommitWaiters
{
    private readonly PriorityQueue<TaskCompletionSource, long> _waiters = new();

    public Task Add(long seq)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Enqueue(waiter, seq);
        return waiter.Task;
    }

    public void Release(long committed)
    {
        while (_waiters.TryPeek(out var waiter, out var seq) && seq <= committed)
        {
            _waiters.Dequeue();
            waiter.SetResult();
        }
    }

    /// <summary>What they wait for will not happen.</summary>
    public void FailAll(Exception cause)
    {
        while (_waiters.TryDequeue(out var waiter, out _))
        {
            waiter.SetException(cause);
        }
    }
}
