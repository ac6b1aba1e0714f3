namespace Netra.Pipeline.Agents;

/// <summary>
/// Whether a run was cancelled, and why. The first caller decides: its cause is the reason, and a run that has closed is not
/// cancelled any more. So <see cref="TryCancel"/> returns <see langword="true"/> exactly when the run will not end as completed.
/// Safe from any thread.
/// </summary>
internal sealed class RunCancellation(Action<Exception> callbackFailed) : IDisposable
{
    // Stands in _reason for "the run has ended on its own"; compared by reference, so that no caller's reason can equal it.
    private static readonly string Closed = new("closed".AsSpan());

    // Never disposed: without a timer or a wait handle it holds nothing, and a late TryCancel may still reach it.
    private readonly CancellationTokenSource _source = new();
    private readonly List<CancellationTokenRegistration> _watched = [];
    private string? _reason;

    public CancellationToken Token => _source.Token;

    /// <summary>Why the run was cancelled; <see langword="null"/> when it was not.</summary>
    public string? Reason => ReferenceEquals(_reason, Closed) ? null : _reason;

    /// <summary>
    /// Cancels with <paramref name="reason"/> when <paramref name="token"/> does. Called while the run is set up, by one thread.
    /// </summary>
    public void Watch(string reason, CancellationToken token)
    {
        if (token.CanBeCanceled)
        {
            _watched.Add(token.UnsafeRegister(_ => TryCancel(reason), null));
        }
    }

    public bool TryCancel(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return false;
        }

        Signal();
        return true;
    }

    /// <summary>Records that the run has ended on its own, unless it was cancelled before.</summary>
    /// <returns><see langword="false"/> when it was cancelled before.</returns>
    public bool TryClose()
    {
        var before = Interlocked.CompareExchange(ref _reason, Closed, null);
        return before is null || ReferenceEquals(before, Closed);
    }

    /// <summary>Fires the token for whatever the run has left behind, without making the run a cancelled one.</summary>
    public void StopLeftovers() => Signal();

    public void Dispose()
    {
        foreach (var registration in _watched)
        {
            registration.Unregister();
        }
    }

    // Callbacks are the agent's code: they run on the thread pool and not on the thread that cancels, which may be a connection's reader.
    private void Signal() => _ = SignalAsync();

    private async Task SignalAsync()
    {
        try
        {
            await _source.CancelAsync();
        }
        catch (AggregateException failure)
        {
            callbackFailed(failure);
        }
    }
}
