namespace Netra.Pipeline.Diagnostics;

/// <summary>Wakes one loop, from any thread. What is set while the loop works makes its next wait end at once.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    // No timer counts further, and a loop that looks once an hour for nothing costs nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>Waits until it is set, or a time is over. The loop must look at everything afterwards: what woke it is not said.</summary>
    public async Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        // Waiting cuts off what is less than a millisecond: the loop would wake too early, find nothing due, and spin.
        var whole = timeout < Longest ? TimeSpan.FromMilliseconds(Math.Ceiling(timeout.TotalMilliseconds)) : Longest;
        try
        {
            await _next.Task.WaitAsync(whole, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Something is due.
        }

        Volatile.Write(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
