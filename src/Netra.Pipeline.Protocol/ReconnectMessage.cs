namespace Netra.Pipeline.Protocol;

/// <summary><c>reconnect</c>: the server is about to stop, and the client should look for another one.</summary>
/// <param name="AfterMs">How long to wait before that, in milliseconds, from 0.</param>
/// <param name="Reason">Why.</param>
public sealed record ReconnectMessage(long AfterMs, string Reason) : ServerMessage;
