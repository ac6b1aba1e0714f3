namespace Netra.Pipeline.Protocol;

/// <summary><c>accepted</c>: a client message is kept and will reach the backend.</summary>
/// <param name="Id">The client message.</param>
/// <param name="RunId">The run it started, or is about, if there is one.</param>
/// <param name="Taken">Whether the backend has it already.</param>
public sealed record AcceptedMessage(string Id, string? RunId = null, bool Taken = false) : ServerMessage;
