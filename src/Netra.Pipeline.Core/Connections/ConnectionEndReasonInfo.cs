using System.Net.WebSockets;
using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Connections;

/// <summary>What follows from a reason.</summary>
/// <param name="WireName">The name in logs and metrics (<c>error.type</c>) and in the close frame.</param>
/// <param name="CloseStatus">The close code; null when the peer cannot hear one, so that the transport is cut.</param>
/// <param name="LogLevel">How loud the ending is logged.</param>
/// <param name="IsError">Whether metrics carry an <c>error.type</c>.</param>
/// <param name="MayReconnect">Whether the client should connect again: not where it would only do the same once more.</param>
public sealed record ConnectionEndReasonInfo(
    string WireName, WebSocketCloseStatus? CloseStatus, LogLevel LogLevel, bool IsError, bool MayReconnect = true);
