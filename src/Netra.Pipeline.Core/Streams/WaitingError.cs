using System.Collections.ObjectModel;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>An <c>error</c> that waits to be written.</summary>
/// <param name="Message">The latest of those it stands for.</param>
/// <param name="Failures">How many failures it stands for.</param>
internal readonly record struct WaitingError(ErrorMessage Message, long Failures)
{
    /// <summary>Whether both have the same code, run and call.</summary>
    public bool IsOfTheRunOf(in WaitingError other)
        => Message.Code == other.Message.Code && Message.RunId == other.Message.RunId
            && Message.ThreadId == other.Message.ThreadId && Message.CallId == other.Message.CallId;

    /// <summary>Merges this one with an earlier one.</summary>
    public WaitingError After(in WaitingError earlier) => new(
        Message with
        {
            ThreadId = Common(earlier.Message.ThreadId, Message.ThreadId),
            RunId = Common(earlier.Message.RunId, Message.RunId),
            EventType = Common(earlier.Message.EventType, Message.EventType),
            ToolName = Common(earlier.Message.ToolName, Message.ToolName),
            CallId = Common(earlier.Message.CallId, Message.CallId),
        },
        earlier.Failures + Failures);

    /// <summary>The message to write: its text names the count, for clients that read nothing else.</summary>
    public ErrorMessage ToMessage() => Failures <= 1 ? Message : Message with
    {
        Message = $"{Message.Message} (and {Failures - 1} more)",
        Numbers = new Dictionary<string, long>(Message.Numbers ?? ReadOnlyDictionary<string, long>.Empty, StringComparer.Ordinal)
        {
            ["count"] = Failures,
        },
    };

    private static string? Common(string? one, string? other) => one == other ? other : null;
}
