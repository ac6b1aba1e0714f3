namespace Netra.Pipeline.Failures;

/// <summary>What is known of an event that was refused, so that whoever is missing it can be told what is missing.</summary>
/// <param name="Type">Its type, as it goes over the wire.</param>
/// <param name="ToolName">The tool, where it is of one.</param>
/// <param name="CallId">The call of the tool, where the event names it.</param>
internal readonly record struct RefusedEvent(string? Type, string? ToolName = null, string? CallId = null);
