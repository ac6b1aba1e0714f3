using System.Collections.Frozen;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The agents of this host by name. Filled once, by the wiring check at start, and immutable from then on; safe from any thread.
/// </summary>
public sealed class AgentRegistry
{
    private volatile FrozenDictionary<string, IAgent>? _agents;

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

    internal void Fill(IEnumerable<IAgent> agents) => _agents = agents.ToFrozenDictionary(agent => agent.Name, StringComparer.Ordinal);
}

/// <summary>Registers a type as an agent of this host. Found in the service collection by the wiring check.</summary>
/// <param name="Type">A class that implements <see cref="IAgent"/>.</param>
public sealed record AgentRegistration(Type Type);
