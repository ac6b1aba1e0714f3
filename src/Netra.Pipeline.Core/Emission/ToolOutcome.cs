using System.Text.Json.Nodes;
using Netra.Pipeline.Events;

namespace Netra.Pipeline.Emission;

/// <summary>How a tool call ended.</summary>
public sealed record ToolOutcome
{
    private ToolOutcome(string status, TimeSpan duration) => (Status, Duration) = (status, duration);

    /// <summary><c>ok</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public string Status { get; }

    /// <summary>How long the call took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>What the tool returned; null when it returned nothing, or failed.</summary>
    public JsonNode? Result { get; private init; }

    /// <summary>What went wrong; null unless it failed.</summary>
    public EventError? Error { get; private init; }

    /// <summary>The tool returned.</summary>
    /// <param name="result">What it returned.</param>
    /// <param name="duration">How long it took.</param>
    public static ToolOutcome Ok(JsonNode? result, TimeSpan duration) => new("ok", duration) { Result = result };

    /// <summary>The tool failed.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="duration">How long it took.</param>
    public static ToolOutcome Failed(EventError error, TimeSpan duration) => new("failed", duration) { Error = error };

    /// <summary>The tool was cancelled.</summary>
    /// <param name="duration">How long it took.</param>
    public static ToolOutcome Cancelled(TimeSpan duration) => new("cancelled", duration);
}
