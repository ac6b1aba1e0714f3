namespace Netra.Pipeline.Connections;

/// <summary>The callers that wait for the page's next answer. One answer completes all of them. Safe to use from any thread.</summary>
internal sealed class HealthProbes(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<TimeSpan?>? _waiting;
    private long _askedAt;
    private bool _ended;

    /// <summary>Completes with the time the answer took, or with null when the connection ends without one.</summary>
    public Task<TimeSpan?> Add()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return Task.FromResult<TimeSpan?>(null);
            }

            if (_waiting is null)
            {
                _askedAt = time.GetTimestamp();
                Volatile.Write(ref _waiting, new TaskCompletionSource<TimeSpan?>(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            return _waiting.Task;
        }
    }

    /// <summary>Gives up waiting for this answer; the next probe measures anew.</summary>
    public void GiveUp(Task<TimeSpan?> probe)
    {
        lock (_gate)
        {
            if (_waiting?.Task == probe)
            {
                _waiting = null;
            }
        }
    }

    public void OnPong()
    {
        if (Volatile.Read(ref _waiting) is not null)
        {
            Complete(ended: false);
        }
    }

    public void OnEnded() => Complete(ended: true);

    private void Complete(bool ended)
    {
        lock (_gate)
        {
            _ended |= ended;
            _waiting?.TrySetResult(ended ? null : time.GetElapsedTime(_askedAt));
            _waiting = null;
        }
    }
}
