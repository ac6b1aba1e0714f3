namespace Netra.Pipeline.Protocol;

/// <summary>
/// What an event says happened, in a run or in a thread. Logs store the values. Section 3.1 of docs/protocol.md has the payload of each.
/// </summary>
public enum EventType : byte
{
    /// <summary><c>agent_started</c>: the run began. Critical.</summary>
    AgentStarted,

    /// <summary><c>agent_thinking</c>: what the agent is thinking about. Critical.</summary>
    AgentThinking,

    /// <summary><c>tool_executing</c>: a tool is about to run. Critical.</summary>
    ToolExecuting,

    /// <summary><c>tool_completed</c>: a tool has ended, well or not. Critical.</summary>
    ToolCompleted,

    /// <summary><c>agent_completed</c>: the run ended well. Critical and terminal.</summary>
    AgentCompleted,

    /// <summary><c>agent_failed</c>: the run ended with an error. Critical and terminal.</summary>
    AgentFailed,

    /// <summary><c>agent_cancelled</c>: the run was cancelled. Critical and terminal.</summary>
    AgentCancelled,

    /// <summary><c>agent_stalled</c>: the run has gone quiet. Critical; only the server says it.</summary>
    AgentStalled,

    /// <summary><c>token</c>: a piece of streamed text.</summary>
    Token,

    /// <summary><c>custom</c>: a name and any JSON value, for the application.</summary>
    Custom,

    /// <summary><c>run_waiting</c>: the run asks somebody, and waits. Critical.</summary>
    RunWaiting,

    /// <summary><c>run_resumed</c>: the answer to what the run asked. Critical; only the server says it.</summary>
    RunResumed,

    /// <summary><c>command_expired</c>: no backend has taken what a page wanted. Critical; only the server says it.</summary>
    CommandExpired,

    /// <summary><c>thinking_delta</c>: a piece of a streamed thought.</summary>
    ThinkingDelta,

    /// <summary><c>user_message</c>: the user's own words. Only the server says it.</summary>
    UserMessage,
}
