using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>Maps every <see cref="ConnectionEndReason"/> to what follows from it (protocol.md, section 7).</summary>
public static class ConnectionEndReasons
{
    private static readonly ConnectionEndReasonInfo[] Infos = [.. Enum.GetValues<ConnectionEndReason>().Select(Map)];

    /// <summary>What follows from a reason.</summary>
    /// <param name="reason">The reason.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not one of the closed list.</exception>
    public static ConnectionEndReasonInfo Describe(ConnectionEndReason reason)
        => (int)reason >= 0 && (int)reason < Infos.Length
            ? Infos[(int)reason]
            : throw new ArgumentOutOfRangeException(nameof(reason), reason, null);

    private static ConnectionEndReasonInfo Map(ConnectionEndReason reason) => reason switch
    {
        ConnectionEndReason.ClientClosed => new("client_closed", WebSocketCloseStatus.NormalClosure, LogLevel.Debug, IsError: false),
        ConnectionEndReason.ClientLost => new("client_lost", null, LogLevel.Debug, IsError: true),
        ConnectionEndReason.PingTimeout => new("ping_timeout", null, LogLevel.Information, IsError: true),
        ConnectionEndReason.Unresponsive => new("unresponsive", (WebSocketCloseStatus)4410, LogLevel.Information, IsError: true),
        ConnectionEndReason.Stalled => new("stalled", null, LogLevel.Warning, IsError: true),
        ConnectionEndReason.Unconfirmed => new("unconfirmed", (WebSocketCloseStatus)4412, LogLevel.Warning, IsError: true),
        ConnectionEndReason.ProtocolError =>
            new("protocol_error", WebSocketCloseStatus.ProtocolError, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.InvalidMessage =>
            new("invalid_message", (WebSocketCloseStatus)4400, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.InvalidPayload =>
            new("invalid_payload", WebSocketCloseStatus.InvalidPayloadData, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.UnsupportedData =>
            new("unsupported_data", WebSocketCloseStatus.InvalidMessageType, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.MessageTooBig =>
            new("message_too_big", WebSocketCloseStatus.MessageTooBig, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.PingFlood =>
            new("ping_flood", WebSocketCloseStatus.PolicyViolation, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.ControlOverflow => new("control_overflow", (WebSocketCloseStatus)1013, LogLevel.Warning, IsError: true),
        ConnectionEndReason.ServerShutdown => new("server_shutdown", (WebSocketCloseStatus)1012, LogLevel.Debug, IsError: false),
        ConnectionEndReason.IsolationViolation =>
            new("isolation_violation", WebSocketCloseStatus.InternalServerError, LogLevel.Critical, IsError: true),
        ConnectionEndReason.InternalError => new("internal_error", WebSocketCloseStatus.InternalServerError, LogLevel.Error, IsError: true),
        ConnectionEndReason.CredentialExpired =>
            new("credential_expired", (WebSocketCloseStatus)4401, LogLevel.Information, IsError: true),
        ConnectionEndReason.CredentialRevoked =>
            new("credential_revoked", (WebSocketCloseStatus)4403, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.IdentityChanged =>
            new("identity_changed", (WebSocketCloseStatus)4409, LogLevel.Warning, IsError: true, MayReconnect: false),
        ConnectionEndReason.UserErased =>
            new("user_erased", (WebSocketCloseStatus)4404, LogLevel.Information, IsError: true, MayReconnect: false),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "The reason has no mapping."),
    };
}
