namespace Netra.Pipeline.Protocol;

/// <summary><c>error</c>: a failure that concerns this user, to be shown.</summary>
/// <param name="Code">A failure code of docs/protocol.md, section 8. Clients must expect codes they do not know.</param>
/// <param name="Message">What happened, in words for a person.</param>
/// <param name="Severity"><c>error</c> or <c>critical</c>.</param>
/// <param name="Timestamp">When, as Unix time in seconds with a fraction.</param>
/// <param name="ThreadId">The thread it concerns, if one.</param>
/// <param name="RunId">The run it concerns, if one.</param>
/// <param name="Id">The client message it answers, if one.</param>
/// <param name="Numbers">The numbers of the case; <c>data</c> on the wire. Where it stands for several failures, <c>count</c> is how
/// many.</param>
public sealed record ErrorMessage(
    string Code,
    string Message,
    string Severity,
    double Timestamp,
    string? ThreadId = null,
    string? RunId = null,
    string? Id = null,
    IReadOnlyDictionary<string, long>? Numbers = null) : ServerMessage
{
    /// <summary>The type of the event that was refused, if it is known: the user is missing it.</summary>
    public string? EventType { get; init; }

    /// <summary>The tool that the refused event was of, if it is known.</summary>
    public string? ToolName { get; init; }

    /// <summary>The call that the refused event was of, if it is known.</summary>
    public string? CallId { get; init; }
}
