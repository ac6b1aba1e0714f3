using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>RFC 6455, section 4.2: what a handshake must look like, and what it is answered with. Pure functions.</summary>
internal static class HandshakeRules
{
    // RFC 6455, section 1.3.
    private const string AcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const int KeyBytes = 16;

    /// <summary>Whether the request asks for a WebSocket at all; otherwise it is an HTTP request like any other.</summary>
    public static bool AsksForWebSocket(IHeaderDictionary headers)
        => HasToken(headers.Connection, "Upgrade") && HasToken(headers.Upgrade, "websocket");

    /// <summary>What is wrong with its target; null when nothing is.</summary>
    public static HandshakeRefusal? CheckTarget(HandshakeRequest request)
        => PercentEncoding.IsValid(request.Target) ? null : new HandshakeRefusal(400, "bad_request", PercentEncoding.Problem);

    /// <summary>What is wrong with it; null when nothing is.</summary>
    /// <param name="request">The request; it asks for a WebSocket.</param>
    /// <param name="subprotocol">The subprotocol to answer with; null to answer with none.</param>
    public static HandshakeRefusal? Check(HandshakeRequest request, out string? subprotocol)
    {
        subprotocol = null;
        if (!request.IsExtendedConnect && request.Headers.Host.Count != 1)
        {
            return new HandshakeRefusal(400, "bad_request", "Host must be there once.");
        }

        // Whether a body or the first frames follow is ambiguous, and proxies decide it differently.
        if (!request.IsExtendedConnect
            && (request.Headers["Content-Length"] is not ([] or ["0"]) || request.Headers.TransferEncoding.Count > 0))
        {
            return new HandshakeRefusal(400, "bad_request", "A WebSocket handshake has no body.");
        }

        if (request.Headers.SecWebSocketVersion is not ["13"])
        {
            return new HandshakeRefusal(
                426, "unsupported_version", $"Sec-WebSocket-Version is '{request.Headers.SecWebSocketVersion}'; this server speaks 13.");
        }

        if (!request.IsExtendedConnect && !IsKey(request.Headers.SecWebSocketKey))
        {
            return new HandshakeRefusal(400, "bad_key", "Sec-WebSocket-Key must be there once and be the base64 form of 16 bytes.");
        }

        return CheckSubprotocol(request.Headers.SecWebSocketProtocol, out subprotocol);
    }

    /// <summary>The value of <c>Sec-WebSocket-Accept</c>.</summary>
    public static string AcceptOf(string key) => Convert.ToBase64String(Sha1(Encoding.ASCII.GetBytes(key + AcceptGuid)));

#pragma warning disable CA5350 // RFC 6455 prescribes SHA-1; it proves that the peer speaks WebSocket and protects nothing.
    private static byte[] Sha1(byte[] bytes) => SHA1.HashData(bytes);
#pragma warning restore CA5350

    private static HandshakeRefusal? CheckSubprotocol(StringValues offered, out string? subprotocol)
    {
        subprotocol = null;
        if (offered.Count == 0)
        {
            return null;
        }

        if (!HasToken(offered, ProtocolConstants.Subprotocol, StringComparison.Ordinal))
        {
            return new HandshakeRefusal(
                400, "unsupported_subprotocol", $"None of the {CountOf(offered)} subprotocols is {ProtocolConstants.Subprotocol}.");
        }

        subprotocol = ProtocolConstants.Subprotocol;
        return null;
    }

    // They are not shown: a credential may be among them.
    private static int CountOf(StringValues offered)
        => offered.Sum(static value => (value ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries).Length);

    private static bool IsKey(StringValues keys)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes];
        return keys is [{ Length: 24 } key]
            && Base64.IsValid(key)
            && Convert.TryFromBase64String(key, bytes, out var length)
            && length == KeyBytes;
    }

    private static bool HasToken(StringValues values, string token, StringComparison comparison = StringComparison.OrdinalIgnoreCase)
    {
        foreach (var value in values)
        {
            foreach (var part in (value ?? string.Empty).AsSpan().Split(','))
            {
                if (value.AsSpan()[part].Trim().Equals(token, comparison))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
