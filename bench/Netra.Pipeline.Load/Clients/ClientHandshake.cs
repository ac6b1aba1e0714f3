using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Load.Clients;

/// <summary>The opening handshake of RFC 6455, from the client's side.</summary>
internal sealed class ClientHandshake
{
    private const string KeyEnding = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private readonly ClientAddress _address;
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    public ClientHandshake(ClientAddress address) => _address = address;

    /// <summary>The bytes that the client sends.</summary>
    public byte[] Request()
    {
        var text = new StringBuilder(512)
            .Append("GET ").Append(_address.PathAndQuery).Append(" HTTP/1.1\r\nHost: ").Append(_address.Url.Authority)
            .Append("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").Append(_key);
        if (_address.Subprotocol is { } subprotocol)
        {
            text.Append("\r\nSec-WebSocket-Protocol: ").Append(subprotocol);
        }

        if (_address.Token is { } token)
        {
            text.Append("\r\nAuthorization: Bearer ").Append(token);
        }

        return Encoding.ASCII.GetBytes(text.Append("\r\n\r\n").ToString());
    }

    /// <summary>Looks at the server's answer.</summary>
    /// <param name="header">Its status line and header fields.</param>
    /// <exception cref="HandshakeRefusedException">It is no upgrade.</exception>
    public void Check(ReadOnlySpan<byte> header)
    {
        var lines = Encoding.Latin1.GetString(header).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var status = lines.FirstOrDefault() ?? "an empty answer";
        if (!status.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
        {
            throw new HandshakeRefusedException(status);
        }

#pragma warning disable CA5350 // RFC 6455 asks for SHA-1; it protects nothing here.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(_key + KeyEnding)));
#pragma warning restore CA5350
        var accept = lines.FirstOrDefault(static line => line.StartsWith("Sec-WebSocket-Accept:", StringComparison.OrdinalIgnoreCase));
        if (accept?[(accept.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() != expected)
        {
            throw new HandshakeRefusedException($"the answer has Sec-WebSocket-Accept '{accept}' instead of '{expected}'");
        }
    }
}
