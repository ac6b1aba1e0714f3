namespace Netra.Pipeline.Protocol;

/// <summary><c>stay</c>: the last <c>reconnect</c> holds no longer, since the server goes on.</summary>
/// <param name="Reason">Why.</param>
public sealed record StayMessage(string Reason) : ServerMessage;
