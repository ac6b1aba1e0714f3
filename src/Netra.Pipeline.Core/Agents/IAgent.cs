namespace Netra.Pipeline.Agents;

/// <summary>
/// Answers a user. Registered by type; one instance serves all runs at once, so what belongs to one run is kept in
/// <see cref="RunAsync"/> and not in fields.
/// </summary>
public interface IAgent
{
    /// <summary>
    /// The name callers and other agents use: 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; unique among agents.
    /// </summary>
    string Name { get; }

    /// <summary>What it is good for, for people and for models that choose agents.</summary>
    string Description { get; }

    /// <summary>The tools it cannot do without; the host does not start when one of them is not registered.</summary>
    IReadOnlyCollection<string> RequiredTools => [];

    /// <summary>The agents it delegates to; the host does not start when one of them is not registered.</summary>
    IReadOnlyCollection<string> RequiredAgents => [];

    /// <summary>
    /// Does one run. Every string yielded is streamed to the user as a <c>token</c> event and to the caller. The runner emits
    /// <c>agent_started</c> before and exactly one terminal event after, whichever way the run ends: by return, exception, cancellation, or
    /// because the caller stops reading.
    /// </summary>
    /// <param name="execution">The question, its user, and what the agent may use.</param>
    /// <param name="cancellationToken">
    /// Fires when the user, the caller or a stopping host cancels the run. A run ends only when the agent does: heed it.
    /// </param>
    /// <returns>The answer, piece by piece.</returns>
    IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken);
}
