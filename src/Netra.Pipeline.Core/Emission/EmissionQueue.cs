namespace Netra.Pipeline.Emission;

/// <summary>
/// The calls of one emitter that wait: the first for room, the others for those before them, so that events keep the order of the calls
/// also where the caller does not await each. Safe from any thread; one lock guards it. Continuations never run on the leaving thread.
/// </summary>
internal sealed class EmissionQueue
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _count;

    /// <summary>
    /// Whether no call waits. May be read without the lock: a call that another thread makes at the same time has no order with this one.
    /// </summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Enters at the end. The node's task completes when it is the first.</summary>
    public LinkedListNode<TaskCompletionSource> Enter()
    {
        var isFirst = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var node = _waiting.AddLast(isFirst);
            if (++_count == 1)
            {
                isFirst.SetResult();
            }

            return node;
        }
    }

    /// <summary>Leaves, from the front or from the middle.</summary>
    public void Leave(LinkedListNode<TaskCompletionSource> node)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            _waiting.Remove(node);
            _count--;
            next = _waiting.First?.Value;
        }

        next?.TrySetResult();
    }
}
