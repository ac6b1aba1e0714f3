using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>Derives the reason why a connection ends from an exception of its loops.</summary>
internal static class ConnectionFaults
{
    public static ConnectionEndReason ReasonOf(Exception exception) => exception switch
    {
        ProtocolViolationException => ConnectionEndReason.InvalidMessage,

        // A compressed message that is none: the only one of its exceptions to which the WebSocket gives no code.
        WebSocketException { WebSocketErrorCode: WebSocketError.Success } => ConnectionEndReason.InvalidPayload,
        WebSocketException or IOException or ConnectionAbortedException or OperationCanceledException or ObjectDisposedException =>
            ConnectionEndReason.ClientLost,
        _ => ConnectionEndReason.InternalError,
    };
}
