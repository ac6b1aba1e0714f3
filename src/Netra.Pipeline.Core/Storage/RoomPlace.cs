namespace Netra.Pipeline.Storage;

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
