using System.Collections.Frozen;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The tools of this host by name. Filled once, by the wiring check at start, and immutable from then on; safe from any thread.
/// </summary>
public sealed class ToolRegistry
{
    private volatile FrozenDictionary<string, ITool>? _tools;

    /// <summary>All tools, in the order of their names; none before the start.</summary>
    public IReadOnlyList<ITool> Tools => [.. (_tools?.Values ?? []).OrderBy(tool => tool.Name, StringComparer.Ordinal)];

    /// <summary>Finds a tool.</summary>
    /// <param name="name">Its name, exactly.</param>
    /// <param name="scope">What it is needed for; it goes into the exception.</param>
    /// <param name="fromAgent">The agent that asks, if it is one.</param>
    /// <returns>The tool.</returns>
    /// <exception cref="NotInitializedException">The host has not started.</exception>
    /// <exception cref="AgentCommunicationException">
    /// There is none (<see cref="FailureCode.ToolUnknown"/>); the message names the registered ones.
    /// </exception>
    public ITool Get(string name, FailureScope scope, string? fromAgent = null)
    {
        var tools = _tools ?? throw new NotInitializedException(scope, "not wired");
        return tools.TryGetValue(name, out var tool)
            ? tool
            : throw AgentCommunicationException.ToolUnknown(scope, fromAgent, name, tools.Keys);
    }

    internal void Fill(IEnumerable<ITool> tools) => _tools = tools.ToFrozenDictionary(tool => tool.Name, StringComparer.Ordinal);
}

/// <summary>Registers a type as a tool of this host. Found in the service collection by the wiring check.</summary>
/// <param name="Type">A class that implements <see cref="ITool"/>.</param>
public sealed record ToolRegistration(Type Type);
