namespace Netra.Pipeline.Protocol;

/// <summary><c>accepted</c>: the handler has taken a client message.</summary>
/// <param name="Id">The client message.</param>
/// <param name="RunId">The run it started, if it started one.</param>
public sealed record AcceptedMessage(string Id, string? RunId = null) : ServerMessage;
