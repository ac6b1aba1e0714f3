using System.Collections.Frozen;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The agents of this host by name. Filled once, by the wiring check at start, and immutable from then on; safe from any thread.
/// </summary>
public sealed class AgentRegistry
{
    private volatile FrozenDictionary<string, IAgent>? _agents;
    private volatile FrozenSet<string> _resumable = [];

    /// <summary>All agents, in the order of their names; none before the start.</summary>
    public IReadOnlyList<IAgent> Agents => [.. (_agents?.Values ?? []).OrderBy(agent => agent.Name, StringComparer.Ordinal)];

    /// <summary>Finds an agent.</summary>
    /// <param name="name">Its name, exactly.</param>
    /// <param name="scope">What it is needed for; it goes into the exception.</param>
    /// <param name="fromAgent">The agent that asks, if it is one.</param>
    /// <returns>The agent.</returns>
    /// <exception cref="NotInitializedException">The host has not started.</exception>
    /// <exception cref="AgentCommunicationException">
    /// There is none (<see cref="FailureCode.AgentUnknown"/>); the message names the registered ones.
    /// </exception>
    public IAgent Get(string name, FailureScope scope, string? fromAgent = null)
    {
        var agents = _agents ?? throw new NotInitializedException(scope, "not wired");
        return agents.TryGetValue(name, out var agent)
            ? agent
            : throw AgentCommunicationException.AgentUnknown(scope, fromAgent, name, agents.Keys);
    }

    /// <summary>Whether an agent is registered as one that may be started again when the answer comes that its run waits for.</summary>
    internal bool IsResumable(string? name) => name is not null && _resumable.Contains(name);

    /// <param name="agents">The agents.</param>
    /// <param name="resumable">The types of those that may be started again.</param>
    internal void Fill(IReadOnlyList<IAgent> agents, IReadOnlySet<Type> resumable)
    {
        _resumable = agents.Where(agent => resumable.Contains(agent.GetType())).Select(static agent => agent.Name)
            .ToFrozenSet(StringComparer.Ordinal);
        _agents = agents.ToFrozenDictionary(static agent => agent.Name, StringComparer.Ordinal);
    }
}

/// <summary>Registers a type as an agent of this host. Found in the service collection by the wiring check.</summary>
/// <param name="Type">A class that implements <see cref="IAgent"/>.</param>
public sealed record AgentRegistration(Type Type)
{
    /// <summary>Whether it may be started again, after the process has ended, when the answer comes that its run waits for.</summary>
    public bool IsResumable { get; init; }
}
