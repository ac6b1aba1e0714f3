using System.Text.Json.Nodes;

namespace Netra.Pipeline.Agents;

/// <summary>
/// Work that an agent can have done: a search, a calculation, a call of another system. Registered by type; one instance serves all runs at
/// once, so what belongs to one call is kept in the call and not in fields.
/// </summary>
public interface ITool
{
    /// <summary>The name agents call it by: 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; unique among tools.</summary>
    string Name { get; }

    /// <summary>What it does and which arguments it takes, for people and for models that choose tools.</summary>
    string Description { get; }

    /// <summary>
    /// Does the work of one call. It begins only after <c>tool_executing</c> has been accepted; <c>tool_completed</c> follows on every way
    /// out.
    /// </summary>
    /// <param name="invocation">The arguments, and the user for whom the call is made.</param>
    /// <param name="cancellationToken">Fires when the run is cancelled or ends without waiting for this call.</param>
    /// <returns>The result as JSON, shown to the user and given to the agent; <see langword="null"/> when there is none.</returns>
    ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken);
}
