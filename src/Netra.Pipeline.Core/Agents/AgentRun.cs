using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Agents;

/// <summary>A run in the background. Safe from any thread.</summary>
public sealed class AgentRun
{
    private readonly RunCancellation _cancellation;

    internal AgentRun(UserExecutionContext context, RunCancellation cancellation, Task completion)
    {
        Context = context;
        _cancellation = cancellation;
        Completion = completion;
    }

    /// <summary>The user, thread and run.</summary>
    public UserExecutionContext Context { get; }

    /// <summary>The run's id.</summary>
    public string RunId => Context.RunId;

    /// <summary>
    /// Ends when the run has, after its terminal event: successfully, cancelled, or with what made it fail, which has been
    /// reported already. It need not be awaited.
    /// </summary>
    public Task Completion { get; }

    /// <summary>Cancels the run, unless it is ending already.</summary>
    /// <param name="reason">The reason, shown by <c>agent_cancelled</c>.</param>
    public void Cancel(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        _cancellation.TryCancel(reason);
    }
}
