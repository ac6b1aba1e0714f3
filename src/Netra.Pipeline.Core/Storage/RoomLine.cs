namespace Netra.Pipeline.Storage;

/// <summary>
/// Who waits for room in a log, in the order in which they came, and what is kept for those whose turn it is. No more are woken than there
/// is room for, so nobody is woken in vain.
/// </summary>
/// <param name="gate">The lock of the log that it belongs to.</param>
/// <param name="fits">Whether the log has room for one event of so many bytes besides what is kept. Called under the gate.</param>
/// <remarks>
/// The gate guards everything, and whoever makes room does so under it, before <see cref="Update"/>. <see cref="KeptEntries"/>, <see cref="KeptBytes"/> and <see cref="AnyWaiting"/> are to be read under it; the
/// other members take it, and wake whoever's turn it is when
/// they have left it. Continuations never run on the waking thread. Bounded by the callers: one place is one emitter that waits.
/// </remarks>
internal sealed class RoomLine(Lock gate, Func<int, bool> fits)
{
    private readonly LinkedList<RoomPlace> _waiting = new();
    private int _count;
    private int _kept;

    /// <summary>Whether anybody waits whose turn it is not yet.</summary>
    public bool AnyWaiting => _count > 0;

    /// <summary>For how many events room is kept.</summary>
    public int KeptEntries => _kept;

    /// <summary>What is kept for them, in bytes.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Waits behind all who wait already.</summary>
    public ValueTask<IDisposable> WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        RoomPlace place;
        lock (gate)
        {
            place = new RoomPlace(this, bytes);
            if (_count == 0 && fits(bytes))
            {
                Keep(place);
                return ValueTask.FromResult<IDisposable>(place);
            }

            place.Node = _waiting.AddLast(place);
            _count++;
        }

        return WaitAsync(place, cancellationToken);
    }

    /// <summary>There may be more room now.</summary>
    public void Update()
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        List<RoomPlace>? due = null;
        lock (gate)
        {
            while (_waiting.First is { Value: var first } && fits(first.Bytes))
            {
                Remove(first);
                Keep(first);
                (due ??= []).Add(first);
            }
        }

        foreach (var place in due ?? [])
        {
            place.SetDue();
        }
    }

    /// <summary>Gives back what is kept for a place. A second time it has no effect.</summary>
    public void GiveBack(RoomPlace place)
    {
        lock (gate)
        {
            if (!place.IsKept)
            {
                return;
            }

            place.IsKept = false;
            _kept--;
            KeptBytes -= place.Bytes;
        }

        Update();
    }

    private static async ValueTask<IDisposable> WaitAsync(RoomPlace place, CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.UnsafeRegister(static (place, token) => ((RoomPlace)place!).GiveUp(token), place);
        return await place.Due;
    }

    /// <summary>Leaves the line, unless the turn has come.</summary>
    public bool TryLeave(RoomPlace place)
    {
        lock (gate)
        {
            if (place.Node is null)
            {
                return false;
            }

            Remove(place);
        }

        // Who stood behind a large event may fit.
        Update();
        return true;
    }

    private void Remove(RoomPlace place)
    {
        _waiting.Remove(place.Node!);
        place.Node = null;
        _count--;
    }

    private void Keep(RoomPlace place)
    {
        place.IsKept = true;
        _kept++;
        KeptBytes += place.Bytes;
    }
}

/// <summary>
/// A place in a <see cref="RoomLine"/>, and the room that is kept for it once its turn has come. Disposing gives that back.
/// </summary>
/// <remarks><see cref="Node"/> and <see cref="IsKept"/> are guarded by the line's gate.</remarks>
internal sealed class RoomPlace(RoomLine line, int bytes) : IDisposable
{
    private readonly TaskCompletionSource<IDisposable> _due = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Bytes { get; } = bytes;

    /// <summary>Where it stands; null when it does not wait any more.</summary>
    public LinkedListNode<RoomPlace>? Node { get; set; }

    public bool IsKept { get; set; }

    /// <summary>Completes when its turn has come.</summary>
    public Task<IDisposable> Due => _due.Task;

    public void SetDue() => _due.TrySetResult(this);

    public void GiveUp(CancellationToken token)
    {
        if (line.TryLeave(this))
        {
            _due.TrySetCanceled(token);
        }
    }

    public void Dispose() => line.GiveBack(this);
}
