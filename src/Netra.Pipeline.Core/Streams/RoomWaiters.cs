namespace Netra.Pipeline.Streams;

/// <summary>
/// Emitters that wait until every connection has room. Guarded by the stream's lock, but for <see cref="Any"/>. Continuations never run on
/// the releasing thread. Bounded by the callers: one waiter is one emitter.
/// </summary>
internal sealed class RoomWaiters
{
    private TaskCompletionSource? _waiters;

    /// <summary>Whether there are waiters; may be read without the lock.</summary>
    public bool Any => Volatile.Read(ref _waiters) is not null;

    public Task Add() => (_waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Lets all waiters check again. A waiter that has found room before it waited is released here too.</summary>
    public void ReleaseAll()
    {
        _waiters?.SetResult();
        _waiters = null;
    }
}
