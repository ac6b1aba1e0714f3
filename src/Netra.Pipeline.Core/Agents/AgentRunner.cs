using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Agents;

/// <summary>
/// Runs agents. A run's start is emitted before anything of it happens (if that is refused, nothing does), its text is streamed to the
/// user, and exactly one terminal event follows on every way out. Safe from any thread.
/// </summary>
/// <remarks>
/// A context serves one run: use a new run id for each. Failures are reported before they are raised, so a caller that
/// has nothing to add need not log them.
/// </remarks>
public sealed class AgentRunner
{
    private readonly RunServices _services;

    internal AgentRunner(RunServices services) => _services = services;

    /// <summary>How many runs are open, delegated ones included.</summary>
    public int OpenRunCount => _services.OpenRuns.Count;

    /// <summary>Runs an agent to its end.</summary>
    /// <param name="agentName">The agent.</param>
    /// <param name="input">The question.</param>
    /// <param name="context">The user, thread and run.</param>
    /// <param name="data">What goes with the question, if anything.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <returns>The whole answer.</returns>
    /// <exception cref="AgentCommunicationException">The agent is not registered, or too many runs are open.</exception>
    /// <exception cref="ContextValidationException">There is no context, or a run of that id is open.</exception>
    /// <exception cref="NotInitializedException">The pipeline is not ready.</exception>
    /// <exception cref="BridgeUnavailableException">The pipeline has failed, or is draining.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="AggregateException">The run failed, and its terminal event was refused as well.</exception>
    public Task<string> RunAsync(
        string agentName,
        string input,
        UserExecutionContext context,
        JsonNode? data = null,
        CancellationToken cancellationToken = default) =>
        Prepare(agentName, input, context, data, cancellationToken).ToTextAsync();

    /// <summary>
    /// Runs an agent as fast as the caller reads. The run begins with the first piece asked for; a caller that stops reading
    /// and disposes the enumerator cancels it.
    /// </summary>
    /// <param name="agentName">The agent.</param>
    /// <param name="input">The question.</param>
    /// <param name="context">The user, thread and run.</param>
    /// <param name="data">What goes with the question, if anything.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <returns>The answer, piece by piece; to be enumerated once. It raises what <see cref="RunAsync"/> does.</returns>
    /// <exception cref="AgentCommunicationException">The agent is not registered.</exception>
    public IAsyncEnumerable<string> StreamAsync(
        string agentName,
        string input,
        UserExecutionContext context,
        JsonNode? data = null,
        CancellationToken cancellationToken = default) =>
        Prepare(agentName, input, context, data, cancellationToken);

    /// <summary>
    /// Starts a run in the background. What refuses the run at once (an unknown agent, the limit of open runs, a draining pipeline) is
    /// raised here; later failures are in the run's events, in the failure reports, and in <see cref="AgentRun.Completion"/>.
    /// </summary>
    /// <param name="agentName">The agent.</param>
    /// <param name="input">The question.</param>
    /// <param name="context">The user, thread and run.</param>
    /// <param name="data">What goes with the question, if anything.</param>
    /// <returns>The run.</returns>
    /// <exception cref="AgentCommunicationException">The agent is not registered, or too many runs are open.</exception>
    /// <exception cref="ContextValidationException">There is no context, or a run of that id is open.</exception>
    /// <exception cref="NotInitializedException">The pipeline is not ready.</exception>
    /// <exception cref="BridgeUnavailableException">The pipeline has failed, or is draining.</exception>
    public AgentRun Start(string agentName, string input, UserExecutionContext context, JsonNode? data = null)
        => Start(Prepare(agentName, input, context, data, CancellationToken.None), context);

    /// <summary>Starts the next attempt of a run that is open, in the background.</summary>
    internal AgentRun Resume(string agentName, string input, UserExecutionContext context, JsonNode? data, int attempt)
        => Start(Prepare(agentName, input, context, data, CancellationToken.None, attempt), context);

    /// <summary>Cancels an open run of a user. Another user's run counts as unknown, like one that does not exist.</summary>
    /// <param name="userId">The user who asks.</param>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="reason">The reason, shown by <c>agent_cancelled</c>.</param>
    /// <param name="tenantId">The user's tenant; default: none.</param>
    /// <returns>Whether there was such a run to cancel.</returns>
    public CancelRunResult CancelRun(
        string userId, string threadId, string runId, string reason = "cancelled by the user", string? tenantId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return _services.OpenRuns.TryCancel(new RunKey(UserKey.Of(tenantId ?? string.Empty, userId), threadId, runId), reason)
            ? CancelRunResult.Requested
            : CancelRunResult.Unknown;
    }

    private AgentRun Start(RunningAgent run, UserExecutionContext context)
    {
        try
        {
            run.Open();
        }
        catch (Exception refused)
        {
            run.Cancellation.Dispose();
            _services.Failures.Report(refused, FailureCode.AgentFailed, context.ScopeOf("RunAgent"), "the runner");
            throw;
        }

        // On the pool, since an agent may work for long before it first awaits, and the caller may be a connection's reader.
        var completion = Task.Run(run.DrainAsync);
        _ = completion.ContinueWith(
            static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return new AgentRun(context, run.Cancellation, completion);
    }

    private RunningAgent Prepare(
        string agentName,
        string input,
        UserExecutionContext context,
        JsonNode? data,
        CancellationToken cancellationToken,
        int attempt = 1)
    {
        ArgumentNullException.ThrowIfNull(agentName);
        ArgumentNullException.ThrowIfNull(input);
        try
        {
            _services.Contexts.RequireRun(context, "RunAgent");
            var agent = _services.Agents.Get(agentName, context.ScopeOf("RunAgent"));
            var request = new RunRequest(agent, input, data, context, Parent: null)
            {
                Attempt = attempt,
                IsResumable = _services.Agents.IsResumable(agentName),
            };
            return new RunningAgent(_services, request, cancellationToken);
        }
        catch (PipelineException refused)
        {
            _services.Failures.Report(refused);
            throw;
        }
    }
}

/// <summary>The result of a request to cancel a run.</summary>
public enum CancelRunResult
{
    /// <summary>The run has been told to stop, and will not end as completed.</summary>
    Requested,

    /// <summary>The user has no open run of that thread and id: it is ending or has ended, never was, or is another user's.</summary>
    Unknown,
}
