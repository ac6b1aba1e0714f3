using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Clients;

/// <summary>A server that opens WebSockets, and then sends the bytes of a test, in the pieces of a test.</summary>
internal sealed partial class ScriptedPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ScriptedPeer() => _listener.Start();

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Opens one WebSocket, sends the pieces, and ends the transport when the client has, or says that it wants no more.</summary>
    public async Task ServeAsync(IEnumerable<byte[]> pieces)
    {
        using var socket = await _listener.AcceptSocketAsync();
        socket.NoDelay = true;
        var buffer = new byte[16 * 1024];
        var request = string.Empty;
        while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            request += Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        }

#pragma warning disable CA5350 // RFC 6455 asks for SHA-1.
        var accept = SHA1.HashData(Encoding.ASCII.GetBytes(Key().Match(request).Groups[1].Value + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Accept: {Convert.ToBase64String(accept)}\r\n\r\n"));
        try
        {
            foreach (var piece in pieces)
            {
                await socket.SendAsync(piece);
            }

            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The client has had enough.
        }
    }

    /// <summary>Connects a client, and waits until its connection has ended.</summary>
    public async Task<RecordingHandler> ReadAsync(IEnumerable<byte[]> pieces, int buffer = 4 * 1024)
    {
        var handler = new RecordingHandler();
        var serving = ServeAsync(pieces);
        using var client = await WebSocketClient.ConnectAsync(new ClientAddress(Url, "/"), handler, buffer, CancellationToken.None);
        await handler.Ended.WaitAsync(TestClient.Patience);
        await serving;
        return handler;
    }

    public void Dispose() => _listener.Dispose();

    [GeneratedRegex("Sec-WebSocket-Key: (.*)\r\n")]
    private static partial Regex Key();
}
