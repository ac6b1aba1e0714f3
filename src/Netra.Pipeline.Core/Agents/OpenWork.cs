using System.Collections.Concurrent;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The tool calls and delegations a run has under way. An agent may return without awaiting them; the run's terminal event waits for them,
/// since no event may follow it. Safe from any thread.
/// </summary>
internal sealed class OpenWork
{
    private readonly ConcurrentDictionary<Task, string> _open = new();

    public bool IsEmpty => _open.IsEmpty;

    /// <summary>What is under way, in words.</summary>
    public IReadOnlyList<string> Names => [.. _open.Values];

    public Task<T> Track<T>(string name, Task<T> work)
    {
        if (!work.IsCompleted)
        {
            _open[work] = name;
            _ = work.ContinueWith(Forget, _open, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return work;
    }

    /// <summary>Waits until all has ended or the time is up. How each ended has been told by the work itself.</summary>
    /// <returns><see langword="false"/> when the time was up.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time)
    {
        var all = Task.WhenAll(_open.Keys);
        await all.WaitAsync(timeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return all.IsCompleted;
    }

    private static void Forget(Task ended, object? open)
    {
        // Looked at, so that it does not count as unobserved: a call that nobody awaits has reported its failure itself.
        _ = ended.Exception;
        ((ConcurrentDictionary<Task, string>)open!).TryRemove(ended, out _);
    }
}
