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

    private static readonly DataMember[][] Members = [.. Enum.GetValues<EventType>().Select(Create)];

    /// <summary>The members of an <c>error</c>.</summary>
    public static DataMember[] Error { get; } = [new("code", DataKind.Text), new("message", DataKind.Text)];

    /// <summary>The members of an event's data; empty for a type that publishers may not use.</summary>
    public static DataMember[] Of(EventType type) => Members[(int)type];

    private static DataMember[] Create(EventType type) => type switch
    {
        EventType.AgentStarted =>
        [
            AgentName, Metadata, Timestamp,
            new("parent_run_id", DataKind.Text, DataPresence.Optional),
            new("lease_ms", DataKind.Lease, DataPresence.Optional),
        ],
        EventType.AgentThinking => [new("thought", DataKind.Text), Metadata, Timestamp],
        EventType.ToolExecuting => [ToolName, Metadata, Timestamp, CallId, new("arguments", DataKind.Any, DataPresence.Optional)],
        EventType.ToolCompleted =>
        [
            ToolName, Metadata, Timestamp, CallId, DurationMs,
            new("status", DataKind.Outcome, DataPresence.Optional),
            new("result", DataKind.Any, DataPresence.Optional),
            new("error", DataKind.Error, DataPresence.Optional),
        ],
        EventType.AgentCompleted => [AgentName, Metadata, Timestamp, DurationMs],
        EventType.AgentFailed => [AgentName, Metadata, Timestamp, DurationMs, new("error", DataKind.Error)],
        EventType.AgentCancelled => [AgentName, Metadata, Timestamp, DurationMs, new("reason", DataKind.Text, DataPresence.Optional)],
        EventType.AgentStalled => [],
        EventType.Token => [new("delta", DataKind.Text)],
        EventType.Custom => [new("name", DataKind.Name), new("value", DataKind.Any)],
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

    /// <summary>An object.</summary>
    Object,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A finite number that is not negative.</summary>
    Duration,

    /// <summary>A lease in milliseconds.</summary>
    Lease,

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
