using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Agents;

/// <summary>The runs that are open in this process, bounded by <see cref="AgentOptions.MaxOpenRuns"/>. Safe from any thread.</summary>
internal sealed class OpenRuns(IOptions<AgentOptions> options)
{
    private readonly ConcurrentDictionary<RunKey, RunCancellation> _runs = new();
    private readonly ConcurrentDictionary<RunKey, Action<string>> _suspended = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Add(UserExecutionContext context, string agentName, FailureScope scope, RunCancellation cancellation)
    {
        var limit = options.Value.MaxOpenRuns;
        if (Interlocked.Increment(ref _count) > limit)
        {
            Interlocked.Decrement(ref _count);
            var reason = $"{limit} runs are open, which is the limit ({AgentOptions.SectionName}:{nameof(AgentOptions.MaxOpenRuns)})";
            throw AgentCommunicationException.CallFailed(scope, "the caller", agentName, reason);
        }

        if (!_runs.TryAdd(RunKey.Of(context), cancellation))
        {
            Interlocked.Decrement(ref _count);
            throw ContextValidationException.Invalid(scope, [$"run_id '{context.RunId}' names a run that is open already"]);
        }
    }

    /// <summary>Removes a run. A run that was refused has no place to give back, and must not remove an open run of the same id.</summary>
    public void Remove(UserExecutionContext context, RunCancellation cancellation)
    {
        if (_runs.TryRemove(KeyValuePair.Create(RunKey.Of(context), cancellation)))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Cancels a run, unless there is none of that user, or it is ending already.</summary>
    public bool TryCancel(RunKey key, string reason)
    {
        if (_runs.TryGetValue(key, out var run))
        {
            return run.TryCancel(reason);
        }

        if (!_suspended.TryRemove(key, out var cancel))
        {
            return false;
        }

        cancel(reason);
        return true;
    }

    /// <summary>Cancels all runs of a user.</summary>
    public void CancelAll(string userId, string reason)
    {
        foreach (var key in _runs.Keys.Concat(_suspended.Keys).Where(key => key.UserKey == userId))
        {
            TryCancel(key, reason);
        }
    }

    /// <summary>Whether a run of a user is open in this process.</summary>
    public bool HasAny(string userId) => _runs.Keys.Any(key => key.UserKey == userId);

    /// <summary>A run of an earlier process waits for an answer, and nothing of it runs here.</summary>
    /// <param name="key">The run.</param>
    /// <param name="cancel">Cancels it; is given the reason, and must not throw.</param>
    public void Suspend(RunKey key, Action<string> cancel) => _suspended[key] = cancel;

    /// <summary>Takes a run that waits; it cannot be cancelled that way any more.</summary>
    /// <returns>Whether it still waited.</returns>
    public bool TryResume(RunKey key) => _suspended.TryRemove(key, out _);
}
