using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>What a run is to do, and for which user.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Input">The question.</param>
/// <param name="Data">What came with it, if anything.</param>
/// <param name="Context">The user, thread and run.</param>
/// <param name="Parent">The run that delegates it; null for a run of its own.</param>
internal sealed record RunRequest(IAgent Agent, string Input, JsonNode? Data, UserExecutionContext Context, ParentRun? Parent)
{
    /// <summary>Which attempt at the run it is, from 1; one above 1 goes on with a run that is open.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Whether another process may start its agent again when the answer comes that it waits for.</summary>
    public bool IsResumable { get; init; }

    public FailureScope Scope { get; } = Context.ScopeOf("RunAgent");

    public int Depth => Parent is null ? 0 : Parent.Depth + 1;
}

/// <summary>The run that delegates to another.</summary>
/// <param name="Context">Its user, thread and run.</param>
/// <param name="AgentName">Its agent.</param>
/// <param name="Depth">How many runs are above it.</param>
/// <param name="Token">Fires when it is cancelled or over.</param>
internal sealed record ParentRun(UserExecutionContext Context, string AgentName, int Depth, CancellationToken Token);
