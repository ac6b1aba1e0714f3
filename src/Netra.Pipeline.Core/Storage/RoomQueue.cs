namespace Netra.Pipeline.Storage;

/// <summary>
/// The emitters that wait for room in a log, first come, first served, and the room that is reserved for those that were woken. No more are
/// woken than there is room for, so none is woken in vain.
/// </summary>
/// <param name="gate">The lock of the log that it belongs to.</param>
/// <param name="fits">Whether the log has room for one event of so many bytes besides what is kept. Called under the gate.</param>
/// <remarks>
/// The gate guards everything, and the log makes room under it, before <see cref="Update"/>. <see cref="KeptEntries"/>,
/// <see cref="KeptBytes"/> and <see cref="AnyWaiting"/> are to be read under it; the other members take it, and wake waiters after they
/// have left it. Continuations never run on the waking thread. Bounded by the callers: one waiter is one emitter.
/// </remarks>
internal sealed class RoomQueue(Lock gate, Func<int, bool> fits)
{
    private readonly LinkedList<RoomWaiter> _waiting = new();
    private int _count;
    private int _kept;

    /// <summary>Whether a waiter has not been woken yet.</summary>
    public bool AnyWaiting => _count > 0;

    /// <summary>For how many events room is kept.</summary>
    public int KeptEntries => _kept;

    /// <summary>What is kept for them, in bytes.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Waits behind all that wait already.</summary>
    public ValueTask<IDisposable> WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        RoomWaiter waiter;
        lock (gate)
        {
            waiter = new RoomWaiter(this, bytes);
            if (_count == 0 && fits(bytes))
            {
                Keep(waiter);
                return ValueTask.FromResult<IDisposable>(waiter);
            }

            waiter.Node = _waiting.AddLast(waiter);
            _count++;
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>There may be more room now.</summary>
    public void Update()
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        List<RoomWaiter>? due = null;
        lock (gate)
        {
            while (_waiting.First is { Value: var first } && fits(first.Bytes))
            {
                Remove(first);
                Keep(first);
                (due ??= []).Add(first);
            }
        }

        foreach (var waiter in due ?? [])
        {
            waiter.SetDue();
        }
    }

    /// <summary>Gives back what is reserved for a waiter. A second time it has no effect.</summary>
    public void GiveBack(RoomWaiter waiter)
    {
        lock (gate)
        {
            if (!waiter.IsKept)
            {
                return;
            }

            waiter.IsKept = false;
            _kept--;
            KeptBytes -= waiter.Bytes;
        }

        Update();
    }

    private static async ValueTask<IDisposable> WaitAsync(RoomWaiter waiter, CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.UnsafeRegister(static (waiter, token) => ((RoomWaiter)waiter!).GiveUp(token), waiter);
        return await waiter.Due;
    }

    /// <summary>Leaves the queue, unless the waiter was woken already.</summary>
    public bool TryLeave(RoomWaiter waiter)
    {
        lock (gate)
        {
            if (waiter.Node is null)
            {
                return false;
            }

            Remove(waiter);
        }

        // What waited behind a large event may fit.
        Update();
        return true;
    }

    private void Remove(RoomWaiter waiter)
    {
        _waiting.Remove(waiter.Node!);
        waiter.Node = null;
        _count--;
    }

    private void Keep(RoomWaiter waiter)
    {
        waiter.IsKept = true;
        _kept++;
        KeptBytes += waiter.Bytes;
    }
}

/// <summary>
/// An emitter in a <see cref="RoomQueue"/>, and the room that is reserved for it once it is woken. Disposing gives that back.
/// </summary>
/// <remarks><see cref="Node"/> and <see cref="IsKept"/> are guarded by the queue's gate.</remarks>
internal sealed class RoomWaiter(RoomQueue queue, int bytes) : IDisposable
{
    private readonly TaskCompletionSource<IDisposable> _due = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Bytes { get; } = bytes;

    /// <summary>Where it stands; null when it does not wait any more.</summary>
    public LinkedListNode<RoomWaiter>? Node { get; set; }

    public bool IsKept { get; set; }

    /// <summary>Completes when there is room for it.</summary>
    public Task<IDisposable> Due => _due.Task;

    public void SetDue() => _due.TrySetResult(this);

    public void GiveUp(CancellationToken token)
    {
        if (queue.TryLeave(this))
        {
            _due.TrySetCanceled(token);
        }
    }

    public void Dispose() => queue.GiveBack(this);
}
