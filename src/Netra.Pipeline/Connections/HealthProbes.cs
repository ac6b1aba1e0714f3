namespace Netra.Pipeline.Connections;

/// <summary>Who waits for the page's next answer. One answer serves all of them. Safe to use from any thread.</summary>
internal sealed class HealthProbes(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<TimeSpan>? _waiting;
    private long _askedAt;

    public Task<TimeSpan> Add()
    {
        lock (_gate)
        {
            if (_waiting is null)
            {
                _askedAt = time.GetTimestamp();
                _waiting = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _waiting.Task;
        }
    }

    public void OnPong()
    {
        if (Volatile.Read(ref _waiting) is null)
        {
            return;
        }

        lock (_gate)
        {
            _waiting?.TrySetResult(time.GetElapsedTime(_askedAt));
            _waiting = null;
        }
    }
}
