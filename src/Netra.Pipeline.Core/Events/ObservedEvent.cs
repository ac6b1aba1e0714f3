using Netra.Pipeline.Contexts;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Events;

/// <summary>A lifecycle event that has its number.</summary>
/// <param name="Context">Whose run it belongs to.</param>
/// <param name="Type">Its type.</param>
/// <param name="Seq">Its number.</param>
/// <param name="At">When it was accepted.</param>
/// <param name="Name">The agent or the tool; null where the type has neither.</param>
/// <param name="CallId">The tool call, if it is named.</param>
public readonly record struct ObservedEvent(UserExecutionContext Context, EventType Type, long Seq, DateTimeOffset At, string? Name, string? CallId);
