using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.WebSockets;

/// <summary>Formats the fast door's answers. Pure functions.</summary>
internal static class HandshakeResponse
{
    public static byte[] Accept(string key, string? subprotocol, string? extensions = null)
    {
        var answer = new StringBuilder(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ")
            .Append(HandshakeRules.AcceptOf(key)).Append("\r\n");
        if (subprotocol is not null)
        {
            answer.Append("Sec-WebSocket-Protocol: ").Append(subprotocol).Append("\r\n");
        }

        if (extensions is not null)
        {
            answer.Append("Sec-WebSocket-Extensions: ").Append(extensions).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(answer.Append("\r\n").ToString());
    }

    public static byte[] Refuse(HandshakeRefusal refusal)
    {
        var body = Problem(refusal);
        var head = new StringBuilder("HTTP/1.1 ").Append(refusal.Status).Append(' ').Append(ReasonPhrases.GetReasonPhrase(refusal.Status))
            .Append("\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ")
            .Append(body.Length)
            .Append("\r\n");
        if (refusal.Status == 426)
        {
            head.Append("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
        }

        if (refusal.RetryAfter is { } seconds)
        {
            head.Append("Retry-After: ").Append(seconds).Append("\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    /// <summary>The problem document (RFC 9457) of a refusal; both doors answer with it.</summary>
    public static byte[] Problem(HandshakeRefusal refusal)
        => new ProblemDocument(refusal.Status, refusal.Code, refusal.Message).ToJson().ToArray();
}
