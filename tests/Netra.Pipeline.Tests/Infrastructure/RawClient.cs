using System.Buffers.Binary;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A client that does WebSocket by hand: it answers nothing on its own account, reads only when asked, and sees every frame in the order of
/// the wire. So it can be dead, frozen, or rude.
/// </summary>
internal sealed class RawClient : IAsyncDisposable
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private RawClient(Socket socket) => (_socket, _stream) = (socket, new NetworkStream(socket, ownsSocket: true));

    public WelcomeMessage Welcome { get; private set; } = null!;

    /// <param name="address">The address, as for any client.</param>
    /// <param name="receiveBuffer">The kernel's receive buffer; small ones fill soon.</param>
    public static async Task<RawClient> ConnectAsync(Uri address, int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(address.Host, address.Port);
        var client = new RawClient(socket);
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: netra.v1\r\n\r\n"));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await client.ReadBytesAsync(1))[0]);
        }

        Assert.That(head.ToString(), Does.StartWith("HTTP/1.1 101 "));
        client.Welcome = (WelcomeMessage)ServerMessageReader.Read((await client.ReadFrameAsync()).Payload);
        return client;
    }

    /// <summary>The next frame, whatever it is.</summary>
    public async Task<(int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var head = await ReadBytesAsync(2);
        long length = head[1] & 0x7F;
        if (length == 126)
        {
            length = BinaryPrimitives.ReadUInt16BigEndian(await ReadBytesAsync(2));
        }
        else if (length == 127)
        {
            length = BinaryPrimitives.ReadInt64BigEndian(await ReadBytesAsync(8));
        }

        return (head[0] & 0x0F, await ReadBytesAsync((int)length));
    }

    /// <summary>Reads up to the next frame of a kind, and returns its payload.</summary>
    public async Task<byte[]> ReadFrameAsync(int opcode)
    {
        while (true)
        {
            var (actual, payload) = await ReadFrameAsync();
            if (actual == opcode)
            {
                return payload;
            }
        }
    }

    /// <summary>Reads up to the next message of a kind.</summary>
    public async Task<T> ReadAsync<T>()
        where T : ServerMessage
    {
        while (true)
        {
            if (ServerMessageReader.Read(await ReadFrameAsync(Text)) is T message)
            {
                return message;
            }
        }
    }

    /// <summary>Reads up to the close frame, and returns what it says.</summary>
    public async Task<(WebSocketCloseStatus Status, string Reason)> ReadCloseAsync()
    {
        var payload = await ReadFrameAsync(Close);
        return ((WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload.AsSpan(2)));
    }

    public Task SendAsync(ReadOnlyMemory<byte> message) => SendFrameAsync(Text, message);

    /// <summary>Sends one masked frame.</summary>
    public async Task SendFrameAsync(int opcode, ReadOnlyMemory<byte> payload)
    {
        Assert.That(payload.Length, Is.LessThan(126), "this client is made for short messages");
        var frame = new byte[6 + payload.Length];
        frame[0] = (byte)(0x80 | opcode);
        frame[1] = (byte)(0x80 | payload.Length);

        // A mask of zeros is a mask.
        payload.CopyTo(frame.AsMemory(6));
        await _stream.WriteAsync(frame);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Close(0);
        await _stream.DisposeAsync();
    }

    private async Task<byte[]> ReadBytesAsync(int count)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var bytes = new byte[count];
        try
        {
            await _stream.ReadExactlyAsync(bytes, patience.Token);
            return bytes;
        }
        catch (OperationCanceledException exception)
        {
            throw new AssertionException($"No frame came within {TestClient.Patience}.", exception);
        }
    }
}
