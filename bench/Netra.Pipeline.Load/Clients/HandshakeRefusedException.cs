namespace Netra.Pipeline.Load.Clients;

/// <summary>The server has not opened the WebSocket: what it answered.</summary>
internal sealed class HandshakeRefusedException(string message) : Exception(message);
