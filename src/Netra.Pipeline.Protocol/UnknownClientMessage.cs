namespace Netra.Pipeline.Protocol;

/// <summary>
/// A well-formed message of a type this version does not know: answered with <c>unknown_message</c>, and the connection goes on.
/// </summary>
/// <param name="Type">The type, as the client sent it. It may be of any length and content.</param>
public sealed record UnknownClientMessage(string Type) : ClientMessage;
