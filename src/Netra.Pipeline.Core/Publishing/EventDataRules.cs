using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>The members of each event's data: the table of docs/protocol.md, section 3.1.</summary>
internal static class EventDataRules
{
    private static readonly DataMember Metadata = new("metadata", DataKind.Object, DataPresence.Added);
    private static readonly DataMember Timestamp = new("timestamp", DataKind.Number, DataPresence.Added);
    private static readonly DataMember AgentName = new("agent_name", DataKind.Subject);
    private static readonly DataMember ToolName = new("tool_name", DataKind.Subject);
    private static readonly DataMember CallId = new("call_id", DataKind.CallId, DataPresence.Optional);
    private static readonly DataMember DurationMs = new("duration_ms", DataKind.Duration, DataPresence.Optional);

    private static readonly DataMember Usage = new("usage", DataKind.Usage, DataPresence.Optional);

    private static readonly DataMember[][] Members = [.. Enum.GetValues<EventType>().Select(Create)];

    /// <summary>The members of an <c>error</c>.</summary>
    public static DataMember[] Error { get; } = [new("code", DataKind.Text), new("message", DataKind.Text)];

    /// <summary>The members of a <c>result_ref</c>.</summary>
    public static DataMember[] ResultRef { get; } =
    [
        new("url", DataKind.Link),
        new("bytes", DataKind.Count, DataPresence.Optional),
        new("media_type", DataKind.Name, DataPresence.Optional),
    ];

    /// <summary>The members of a <c>usage</c>.</summary>
    public static DataMember[] TokenUsage { get; } =
    [
        new("input_tokens", DataKind.Count, DataPresence.Optional),
        new("output_tokens", DataKind.Count, DataPresence.Optional),
        new("provider_name", DataKind.Name, DataPresence.Optional),
        new("request_model", DataKind.Name, DataPresence.Optional),
        new("response_model", DataKind.Name, DataPresence.Optional),
    ];

    /// <summary>The members of an event's data; empty for a type that publishers may not use.</summary>
    public static DataMember[] Of(EventType type) => Members[(int)type];

    private static DataMember[] Create(EventType type) => type switch
    {
        EventType.AgentStarted =>
        [
            AgentName, Metadata, Timestamp,
            new("parent_run_id", DataKind.Text, DataPresence.Optional),
            new("lease_ms", DataKind.Lease, DataPresence.Optional),
            new("attempt", DataKind.Attempt, DataPresence.Optional),
        ],
        EventType.AgentThinking => [new("thought", DataKind.Text), Metadata, Timestamp],
        EventType.ToolExecuting => [ToolName, Metadata, Timestamp, CallId, new("arguments", DataKind.Any, DataPresence.Optional)],
        EventType.ToolCompleted =>
        [
            ToolName, Metadata, Timestamp, CallId, DurationMs,
            new("status", DataKind.Outcome, DataPresence.Optional),
            new("result", DataKind.Any, DataPresence.Optional),
            new("result_ref", DataKind.ResultRef, DataPresence.Optional),
            new("error", DataKind.Error, DataPresence.Optional),
        ],
        EventType.AgentCompleted => [AgentName, Metadata, Timestamp, DurationMs, Usage],
        EventType.AgentFailed => [AgentName, Metadata, Timestamp, DurationMs, new("error", DataKind.Error), Usage],
        EventType.AgentCancelled =>
            [AgentName, Metadata, Timestamp, DurationMs, new("reason", DataKind.Text, DataPresence.Optional), Usage],
        EventType.AgentStalled or EventType.RunResumed or EventType.CommandExpired or EventType.UserMessage => [],
        EventType.Token => [new("delta", DataKind.Text)],
        EventType.Custom => [new("name", DataKind.Name), new("value", DataKind.Any)],
        EventType.ThinkingDelta => [new("delta", DataKind.Text), new("thought_id", DataKind.Identifier)],
        EventType.RunWaiting =>
        [
            new("request_id", DataKind.Identifier), new("kind", DataKind.RequestKind), new("prompt", DataKind.Text),
            new("options", DataKind.Options, DataPresence.Optional),
            new("until", DataKind.Time, DataPresence.Optional),
            CallId,
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a defined event type"),
    };
}

/// <summary>What docs/protocol.md, section 3.1, says about one member of an event's data.</summary>
internal sealed class DataMember(string name, DataKind kind, DataPresence presence = DataPresence.Required)
{
    public string Name { get; } = name;

    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(name);

    public DataKind Kind { get; } = kind;

    public DataPresence Presence { get; } = presence;
}

/// <summary>What a member of an event's data must be.</summary>
internal enum DataKind
{
    /// <summary>Any JSON.</summary>
    Any,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A string that is not empty.</summary>
    Name,

    /// <summary>The name of the agent or the tool that a lifecycle event is about.</summary>
    Subject,

    /// <summary>A string that names the call of a tool.</summary>
    CallId,

    /// <summary>A string of 1 to 256 bytes of UTF-8.</summary>
    Identifier,

    /// <summary>What a run waits for: <c>approval</c>, <c>choice</c>, <c>text</c> or <c>external</c>.</summary>
    RequestKind,

    /// <summary>What may be chosen: different texts.</summary>
    Options,

    /// <summary>A Unix time in seconds.</summary>
    Time,

    /// <summary>An object.</summary>
    Object,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A finite number that is not negative.</summary>
    Duration,

    /// <summary>A lease in milliseconds.</summary>
    Lease,

    /// <summary>The number of an attempt: an integer from 1.</summary>
    Attempt,

    /// <summary>An integer that is not negative.</summary>
    Count,

    /// <summary>Where something is: <c>http</c>, <c>https</c>, or a path of the application's own.</summary>
    Link,

    /// <summary>An object with <c>url</c>.</summary>
    ResultRef,

    /// <summary>An object with what a run has cost.</summary>
    Usage,

    /// <summary>How a tool ended: <c>ok</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    Outcome,

    /// <summary>An object with <c>code</c> and <c>message</c>.</summary>
    Error,
}

/// <summary>Whether a member of an event's data must be there.</summary>
internal enum DataPresence
{
    /// <summary>It must be there.</summary>
    Required,

    /// <summary>It may be absent or null.</summary>
    Optional,

    /// <summary>It is added when it is absent.</summary>
    Added,
}
