using System.Net.WebSockets;
using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Connections;

/// <summary>What follows from an end reason.</summary>
/// <param name="WireName">The name in logs and metrics (<c>error.type</c>) and in the close frame.</param>
/// <param name="CloseStatus">The close code; null when the peer cannot receive one, so that the transport is cut.</param>
/// <param name="LogLevel">The level at which the ending is logged.</param>
/// <param name="IsError">Whether metrics carry an <c>error.type</c>.</param>
/// <param name="MayReconnect">Whether the client should connect again; false where it would end the same way.</param>
public sealed record ConnectionEndReasonInfo(
    string WireName, WebSocketCloseStatus? CloseStatus, LogLevel LogLevel, bool IsError, bool MayReconnect = true);
