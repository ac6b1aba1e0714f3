using System.Text;

namespace Netra.Pipeline.Protocol;

/// <summary>The wire names of <see cref="EventType"/> and what follows from a type.</summary>
public static class EventTypes
{
    /// <summary>The name of <paramref name="type"/> on the wire, such as <c>agent_started</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="type"/> is not a defined value.</exception>
    public static string WireName(EventType type) => type switch
    {
        EventType.AgentStarted => "agent_started",
        EventType.AgentThinking => "agent_thinking",
        EventType.ToolExecuting => "tool_executing",
        EventType.ToolCompleted => "tool_completed",
        EventType.AgentCompleted => "agent_completed",
        EventType.AgentFailed => "agent_failed",
        EventType.AgentCancelled => "agent_cancelled",
        EventType.AgentStalled => "agent_stalled",
        EventType.Token => "token",
        EventType.Custom => "custom",
        EventType.RunWaiting => "run_waiting",
        EventType.RunResumed => "run_resumed",
        EventType.CommandExpired => "command_expired",
        EventType.ThinkingDelta => "thinking_delta",
        EventType.UserMessage => "user_message",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a defined event type"),
    };

    /// <summary>The name of <paramref name="type"/> on the wire, as UTF-8 that lives as long as the process.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="type"/> is not a defined value.</exception>
    public static ReadOnlySpan<byte> Utf8Name(EventType type) => type switch
    {
        EventType.AgentStarted => "agent_started"u8,
        EventType.AgentThinking => "agent_thinking"u8,
        EventType.ToolExecuting => "tool_executing"u8,
        EventType.ToolCompleted => "tool_completed"u8,
        EventType.AgentCompleted => "agent_completed"u8,
        EventType.AgentFailed => "agent_failed"u8,
        EventType.AgentCancelled => "agent_cancelled"u8,
        EventType.AgentStalled => "agent_stalled"u8,
        EventType.Token => "token"u8,
        EventType.Custom => "custom"u8,
        EventType.RunWaiting => "run_waiting"u8,
        EventType.RunResumed => "run_resumed"u8,
        EventType.CommandExpired => "command_expired"u8,
        EventType.ThinkingDelta => "thinking_delta"u8,
        EventType.UserMessage => "user_message"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a defined event type"),
    };

    /// <summary>Finds the type with a wire name, given as UTF-8. Names are case-sensitive.</summary>
    /// <param name="utf8Name">The name, unescaped.</param>
    /// <param name="type">The type, when the result is <see langword="true"/>.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse(ReadOnlySpan<byte> utf8Name, out EventType type)
    {
        // A few short comparisons against constants are cheaper than hashing, and nothing is allocated.
        for (var candidate = EventType.AgentStarted; candidate <= EventType.UserMessage; candidate++)
        {
            if (utf8Name.SequenceEqual(Utf8Name(candidate)))
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>Finds the type with a wire name. Names are case-sensitive; <see langword="null"/> is not a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The type, when the result is <see langword="true"/>.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse(string? name, out EventType type)
    {
        // No known name is longer, so an overlong one never costs more than this buffer.
        Span<byte> utf8 = stackalloc byte[LongestName];
        if (name is not null && name.Length <= LongestName && Encoding.UTF8.TryGetBytes(name, utf8, out var length))
        {
            return TryParse(utf8[..length], out type);
        }

        type = default;
        return false;
    }

    /// <summary>Whether an event of this type must be confirmed by the client, and is sent again until it is.</summary>
    public static bool IsCritical(EventType type)
        => type is not (EventType.Token or EventType.Custom or EventType.ThinkingDelta or EventType.UserMessage);

    /// <summary>Whether an event of this type is a piece of a text, so that those that follow each other may be joined.</summary>
    public static bool IsDelta(EventType type) => type is EventType.Token or EventType.ThinkingDelta;

    /// <summary>Whether only the server says events of this type, so that no publisher may.</summary>
    public static bool IsOfServer(EventType type)
        => type is EventType.AgentStalled or EventType.RunResumed or EventType.CommandExpired or EventType.UserMessage;

    /// <summary>Whether an event of this type ends its run. Every run has exactly one.</summary>
    public static bool IsTerminal(EventType type) =>
        type is EventType.AgentCompleted or EventType.AgentFailed or EventType.AgentCancelled;

    private const int LongestName = 15;
}
