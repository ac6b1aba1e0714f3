namespace Netra.Pipeline.Emission;

/// <summary>
/// The calls of one emitter that wait: the one in front for room, the others for those before them, so that events keep the order of the
/// calls also where nobody awaits each. Safe from any thread; one lock guards it.
/// Continuations never run on the leaving thread.
/// </summary>
internal sealed class EmissionLine
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _places = new();
    private int _count;

    /// <summary>
    /// Whether nobody waits. May be read without the lock: a call that another thread makes at the same time has no order with this one.
    /// </summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Takes the last place, whose task completes when it is the first.</summary>
    public LinkedListNode<TaskCompletionSource> Enter()
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var place = _places.AddLast(turn);
            if (++_count == 1)
            {
                turn.SetResult();
            }

            return place;
        }
    }

    /// <summary>Leaves, from whatever place.</summary>
    public void Leave(LinkedListNode<TaskCompletionSource> place)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            _places.Remove(place);
            _count--;
            next = _places.First?.Value;
        }

        next?.TrySetResult();
    }
}
