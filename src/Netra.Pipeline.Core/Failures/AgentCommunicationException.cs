namespace Netra.Pipeline.Failures;

/// <summary>One agent's call of another agent, or of a tool, failed.</summary>
public sealed class AgentCommunicationException : PipelineException
{
    private AgentCommunicationException(
        FailureCode code, FailureScope scope, string? fromAgent, string toAgent, string reason, Exception? innerException)
        : base(
            code, scope, $"{scope.Operation} failed: {fromAgent ?? "the caller"} called {toAgent}: {reason}", numbers: null, innerException)
    {
        FromAgent = fromAgent;
        ToAgent = toAgent;
        Reason = reason;
    }

    /// <summary>Who called, or <see langword="null"/> when it was not an agent.</summary>
    public string? FromAgent { get; }

    /// <summary>The agent, or tool, that was called.</summary>
    public string ToAgent { get; }

    /// <summary>Why it failed.</summary>
    public string Reason { get; }

    /// <summary>The called agent failed (<see cref="FailureCode.AgentCommunication"/>).</summary>
    public static AgentCommunicationException CallFailed(
        FailureScope scope, string fromAgent, string toAgent, string reason, Exception? innerException = null) =>
        new(FailureCode.AgentCommunication, scope, fromAgent, toAgent, reason, innerException);

    /// <summary>No agent is registered under that name (<see cref="FailureCode.AgentUnknown"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="fromAgent">Who called, or <see langword="null"/> when it was not an agent.</param>
    /// <param name="agentName">The name that was asked for.</param>
    /// <param name="registered">The names there are; the message lists them.</param>
    public static AgentCommunicationException AgentUnknown(
        FailureScope scope, string? fromAgent, string agentName, IReadOnlyCollection<string>? registered = null) =>
        new(
            FailureCode.AgentUnknown,
            scope,
            fromAgent,
            agentName,
            $"no agent is registered under that name{List(registered)}",
            innerException: null);

    /// <summary>No tool is registered under that name (<see cref="FailureCode.ToolUnknown"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="fromAgent">Who called, or <see langword="null"/> when it was not an agent.</param>
    /// <param name="toolName">The name that was asked for.</param>
    /// <param name="registered">The names there are; the message lists them.</param>
    public static AgentCommunicationException ToolUnknown(
        FailureScope scope, string? fromAgent, string toolName, IReadOnlyCollection<string>? registered = null) =>
        new(
            FailureCode.ToolUnknown,
            scope,
            fromAgent,
            toolName,
            $"no tool is registered under that name{List(registered)}",
            innerException: null);

    private protected override void AddDetails(Dictionary<string, object?> values)
    {
        values["from_agent"] = FromAgent;
        values["to_agent"] = ToAgent;
        values["reason"] = Reason;
    }

    private static string List(IReadOnlyCollection<string>? registered) => registered switch
    {
        null => string.Empty,
        { Count: 0 } => "; there is none at all",
        _ => $"; there are {string.Join(", ", registered.Order(StringComparer.Ordinal))}",
    };
}
