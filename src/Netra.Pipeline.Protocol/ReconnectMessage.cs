namespace Netra.Pipeline.Protocol;

/// <summary><c>reconnect</c>: the client should close, wait, and connect again.</summary>
/// <param name="AfterMs">How long to wait, in milliseconds, from 0.</param>
/// <param name="Reason">Why.</param>
public sealed record ReconnectMessage(long AfterMs, string Reason) : ServerMessage;
