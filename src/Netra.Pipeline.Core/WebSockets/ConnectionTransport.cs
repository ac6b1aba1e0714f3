using System.IO.Pipelines;
using System.Net;

namespace Netra.Pipeline.WebSockets;

/// <summary>What a door hands over: the pipes of an open transport, and how to cut it.</summary>
/// <param name="Pipes">The bytes in both directions.</param>
/// <param name="RemoteEndPoint">The peer's address, if the transport knows it.</param>
/// <param name="Subprotocol">The subprotocol that the handshake agreed on; null when the client offered none.</param>
/// <param name="Abort">Cuts the transport at once; pending reads and flushes end. Safe to call from any thread, and more than once.</param>
internal sealed record ConnectionTransport(IDuplexPipe Pipes, EndPoint? RemoteEndPoint, string? Subprotocol, Action Abort);
