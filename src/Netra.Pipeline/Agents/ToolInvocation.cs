using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Agents;

/// <summary>One call of a tool. Immutable but for <see cref="Arguments"/>, which belong to the call.</summary>
public sealed class ToolInvocation
{
    /// <summary>Describes a call; the runner does it, and tests of a tool do.</summary>
    /// <param name="toolName">The tool's name.</param>
    /// <param name="callId">The call's id, unique within its run.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">For whom the call is made.</param>
    public ToolInvocation(string toolName, string callId, JsonObject arguments, UserExecutionContext context)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        ArgumentException.ThrowIfNullOrEmpty(callId);
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(context);
        ToolName = toolName;
        CallId = callId;
        Arguments = arguments;
        Context = context;
    }

    /// <summary>The tool's name.</summary>
    public string ToolName { get; }

    /// <summary>The call's id, unique within its run; both tool events carry it.</summary>
    public string CallId { get; }

    /// <summary>The arguments as the user was shown them.</summary>
    public JsonObject Arguments { get; }

    /// <summary>The user, thread and run the call is made for.</summary>
    public UserExecutionContext Context { get; }
}
