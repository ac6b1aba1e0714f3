namespace Netra.Pipeline.Protocol;

/// <summary>A well-formed message of a type this version does not know; a client ignores it.</summary>
/// <param name="Type">The type, as the server sent it.</param>
public sealed record UnknownServerMessage(string Type) : ServerMessage;
