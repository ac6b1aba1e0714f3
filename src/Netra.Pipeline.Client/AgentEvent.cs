using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// One thing that happened in a run, or in a thread outside of any run. Which one is the type: <c>switch</c> over the types below it.
/// An event is immutable, and shares nothing with others.
/// </summary>
public abstract record AgentEvent
{
    private protected AgentEvent(EventMessage message) => Message = message;

    /// <summary>The event as it was sent (docs/protocol.md, section 3.1).</summary>
    public EventMessage Message { get; }

    /// <summary>Its number in its user's stream, from 1; the last one of a joined frame.</summary>
    public long Seq => Message.Seq;

    /// <summary>The first number that it stands for: <see cref="Seq"/>, but for text that came joined.</summary>
    public long FirstSeq => Message.FromSeq ?? Message.Seq;

    /// <summary>Opaque, unique within an epoch.</summary>
    public string Id => Message.Id;

    /// <summary>The thread.</summary>
    public string ThreadId => Message.ThreadId;

    /// <summary>The run; empty for what belongs to none.</summary>
    public string RunId => Message.RunId;

    /// <summary>The attempt of its run that it belongs to, from 1. A later attempt replaces what an earlier one showed.</summary>
    public int Attempt => Message.Attempt;

    /// <summary>When it happened, by the server's clock.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.UnixEpoch.AddSeconds(Message.Timestamp);

    /// <summary>The whole payload, with the members that have no property of their own.</summary>
    public JsonElement Data => Message.Data;

    /// <summary>Makes the typed event of a message.</summary>
    /// <exception cref="ProtocolViolationException">A member that its type needs is missing, or of the wrong type.</exception>
    public static AgentEvent From(EventMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.EventType switch
        {
            EventType.AgentStarted => new AgentStarted(message),
            EventType.AgentThinking => new AgentThinking(message),
            EventType.ToolExecuting => new ToolExecuting(message),
            EventType.ToolCompleted => new ToolCompleted(message),
            EventType.AgentCompleted => new AgentCompleted(message),
            EventType.AgentFailed => new AgentFailed(message),
            EventType.AgentCancelled => new AgentCancelled(message),
            EventType.AgentStalled => new AgentStalled(message),
            EventType.RunWaiting => new RunWaiting(message),
            EventType.RunResumed => new RunResumed(message),
            EventType.CommandExpired => new CommandExpired(message),
            EventType.Token => new Token(message),
            EventType.ThinkingDelta => new ThinkingDelta(message),
            EventType.Custom => new CustomEvent(message),
            EventType.UserMessage => new UserMessage(message),
            null => new UnknownEvent(message),
            _ => throw new ArgumentOutOfRangeException(nameof(message), message.EventType, "not a defined event type"),
        };
    }

    private protected string Text(string member) => EventData.Text(Message, member);

    private protected string? TextOrNull(string member) => EventData.TextOrNull(Message, member);

    private protected TimeSpan? Milliseconds(string member) => EventData.Milliseconds(Message, member);
}

/// <summary>An event that ends its run; each run has exactly one.</summary>
public abstract record RunEnded : AgentEvent
{
    private protected RunEnded(EventMessage message)
        : base(message) => (AgentName, Duration) = (Text("agent_name"), Milliseconds("duration_ms"));

    /// <summary>The agent.</summary>
    public string AgentName { get; }

    /// <summary>How long it took, where that is known.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>How many events the run has, and where they stand; null on a copy that an operator sent.</summary>
    public RunSummary? Run => Message.Run;
}

/// <summary><c>agent_started</c>: a run, or its next attempt, has begun.</summary>
public sealed record AgentStarted : AgentEvent
{
    internal AgentStarted(EventMessage message)
        : base(message) => (AgentName, ParentRunId) = (Text("agent_name"), TextOrNull("parent_run_id"));

    /// <summary>The agent.</summary>
    public string AgentName { get; }

    /// <summary>The run that has delegated to this one, if one has.</summary>
    public string? ParentRunId { get; }
}

/// <summary><c>agent_thinking</c>: a whole thought.</summary>
public sealed record AgentThinking : AgentEvent
{
    internal AgentThinking(EventMessage message)
        : base(message) => Thought = Text("thought");

    /// <summary>The thought.</summary>
    public string Thought { get; }
}

/// <summary><c>tool_executing</c>: a tool was called.</summary>
public sealed record ToolExecuting : AgentEvent
{
    internal ToolExecuting(EventMessage message)
        : base(message) => (ToolName, CallId) = (Text("tool_name"), TextOrNull("call_id"));

    /// <summary>The tool.</summary>
    public string ToolName { get; }

    /// <summary>The call, if it has an id.</summary>
    public string? CallId { get; }

    /// <summary>What it is called with, if that was told.</summary>
    public JsonElement? Arguments => EventData.Member(Message, "arguments");
}

/// <summary><c>tool_completed</c>: a tool's call is over.</summary>
public sealed record ToolCompleted : AgentEvent
{
    internal ToolCompleted(EventMessage message)
        : base(message)
    {
        (ToolName, CallId, Status) = (Text("tool_name"), TextOrNull("call_id"), TextOrNull("status"));
        Duration = Milliseconds("duration_ms");
        Error = EventError.Read(message);
    }

    /// <summary>The tool.</summary>
    public string ToolName { get; }

    /// <summary>The call, if it has an id.</summary>
    public string? CallId { get; }

    /// <summary><c>ok</c>, <c>failed</c>, <c>cancelled</c>, or null where it was not told.</summary>
    public string? Status { get; }

    /// <summary>How long it took, where that is known.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>Why it failed, if it did.</summary>
    public EventError? Error { get; }

    /// <summary>What came of it, if that was told; any JSON.</summary>
    public JsonElement? Result => EventData.Member(Message, "result");
}

/// <summary><c>agent_completed</c>: the run has come to its end.</summary>
public sealed record AgentCompleted : RunEnded
{
    internal AgentCompleted(EventMessage message)
        : base(message)
    {
    }
}

/// <summary><c>agent_failed</c>: the run has failed.</summary>
public sealed record AgentFailed : RunEnded
{
    internal AgentFailed(EventMessage message)
        : base(message) => Error = EventError.Read(message) ?? throw EventData.Missing(message, "error");

    /// <summary>Why.</summary>
    public EventError Error { get; }
}

/// <summary><c>agent_cancelled</c>: the run was cancelled.</summary>
public sealed record AgentCancelled : RunEnded
{
    internal AgentCancelled(EventMessage message)
        : base(message) => Reason = TextOrNull("reason");

    /// <summary>Why, if that was told.</summary>
    public string? Reason { get; }
}

/// <summary><c>agent_stalled</c>: the run has said nothing for longer than it may; it goes on when it speaks again.</summary>
public sealed record AgentStalled : AgentEvent
{
    internal AgentStalled(EventMessage message)
        : base(message)
        => (AgentName, Quiet) = (TextOrNull("agent_name"), Milliseconds("quiet_ms") ?? throw EventData.Missing(message, "quiet_ms"));

    /// <summary>The agent, if it is known.</summary>
    public string? AgentName { get; }

    /// <summary>For how long it has said nothing.</summary>
    public TimeSpan Quiet { get; }
}

/// <summary><c>run_waiting</c>: the run asks somebody; <see cref="EventClient.AnswerAsync"/> answers.</summary>
public sealed record RunWaiting : AgentEvent
{
    internal RunWaiting(EventMessage message)
        : base(message)
    {
        (RequestId, Prompt, CallId) = (Text("request_id"), Text("prompt"), TextOrNull("call_id"));
        Kind = RequestKinds.TryParse(Text("kind"), out var kind) ? kind : throw EventData.Missing(message, "kind");
        Options = EventData.Texts(message, "options");
    }

    /// <summary>What is asked, unique in its run.</summary>
    public string RequestId { get; }

    /// <summary>What the answer must be.</summary>
    public RequestKind Kind { get; }

    /// <summary>The question, in words.</summary>
    public string Prompt { get; }

    /// <summary>Of what is to be chosen; empty unless it is a choice.</summary>
    public IReadOnlyList<string> Options { get; }

    /// <summary>The tool call that waits, if one does.</summary>
    public string? CallId { get; }
}

/// <summary><c>run_resumed</c>: the answer to what a run has asked.</summary>
public sealed record RunResumed : AgentEvent
{
    internal RunResumed(EventMessage message)
        : base(message)
    {
        (RequestId, By) = (Text("request_id"), Text("by"));
        Value = EventData.Any(message, "value");
    }

    /// <summary>What was asked.</summary>
    public string RequestId { get; }

    /// <summary>The answer.</summary>
    public JsonElement Value { get; }

    /// <summary>Who answered.</summary>
    public string By { get; }
}

/// <summary><c>command_expired</c>: no backend has taken what a client wanted, in time.</summary>
public sealed record CommandExpired : AgentEvent
{
    internal CommandExpired(EventMessage message)
        : base(message) => (Command, CommandId, Explanation) = (Text("command"), Text("command_id"), Text("message"));

    /// <summary><c>cancel_run</c>, <c>answer</c> or <c>chat_message</c>.</summary>
    public string Command { get; }

    /// <summary>The command.</summary>
    public string CommandId { get; }

    /// <summary>What that means, in words for a person.</summary>
    public string Explanation { get; }
}

/// <summary><c>token</c>: a piece of the answer's text, or several that came joined.</summary>
public sealed record Token : AgentEvent
{
    internal Token(EventMessage message)
        : base(message) => Delta = Text("delta");

    /// <summary>The text.</summary>
    public string Delta { get; }
}

/// <summary><c>thinking_delta</c>: a piece of a thought, or several that came joined.</summary>
public sealed record ThinkingDelta : AgentEvent
{
    internal ThinkingDelta(EventMessage message)
        : base(message) => (Delta, ThoughtId) = (Text("delta"), Text("thought_id"));

    /// <summary>The text.</summary>
    public string Delta { get; }

    /// <summary>Which pieces belong together.</summary>
    public string ThoughtId { get; }
}

/// <summary><c>custom</c>: the application's own.</summary>
public sealed record CustomEvent : AgentEvent
{
    internal CustomEvent(EventMessage message)
        : base(message) => (Name, Value) = (Text("name"), EventData.Any(message, "value"));

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its value; any JSON.</summary>
    public JsonElement Value { get; }
}

/// <summary><c>user_message</c>: the user's own words, on every device.</summary>
public sealed record UserMessage : AgentEvent
{
    internal UserMessage(EventMessage message)
        : base(message) => (Content, MessageId) = (Text("content"), Text("message_id"));

    /// <summary>The words.</summary>
    public string Content { get; }

    /// <summary>The id that the device gave the message.</summary>
    public string MessageId { get; }
}

/// <summary>An event of a type that this version does not know. Its number counts all the same.</summary>
public sealed record UnknownEvent : AgentEvent
{
    internal UnknownEvent(EventMessage message)
        : base(message)
    {
    }

    /// <summary>The type as it was sent.</summary>
    public string Type => Message.Type;
}

/// <summary>An event that the server should not have sent as it is. Asking again would bring the same, so its number counts.</summary>
public sealed record MalformedEvent : AgentEvent
{
    internal MalformedEvent(EventMessage message, string problem)
        : base(message) => Problem = problem;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; }
}
