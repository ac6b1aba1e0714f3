using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.Benchmarks.WholeWay;

/// <summary>
/// A page on a bare socket that allocates nothing for an event: a thread reads frames, looks at their numbers, and acknowledges every 64.
/// </summary>
internal sealed class RawPage : IDisposable
{
    private const int AckEvery = 64;
    private const int MaskBytes = 4;
    private const byte Text = 0x81;
    private const byte Close = 0x88;
    private const byte Ping = 0x89;
    private const byte Masked = 0x80;

    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly byte[] _ack = new byte[64];
    private long _last;

    private RawPage(Socket socket)
    {
        _socket = socket;
        _thread = new Thread(Read) { Name = "Benchmark page", IsBackground = true };
        _thread.Start();
    }

    /// <summary>How long the last event's frame was.</summary>
    public int FrameBytes { get; private set; }

    public static async Task<RawPage> ConnectAsync(int port, string userId)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /ws?user_id={userId} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(await socket.ReceiveAsync(next) == 1 ? (char)next[0] : throw new IOException($"The server closed after: {head}"));
        }

        return head.ToString().StartsWith("HTTP/1.1 101", StringComparison.Ordinal)
            ? new RawPage(socket)
            : throw new IOException($"The handshake was answered with: {head}");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Read()
    {
        var buffer = new byte[256 * 1024];
        var length = 0;
        try
        {
            while (_socket.Receive(buffer.AsSpan(length)) is > 0 and var received)
            {
                length += received;
                var taken = 0;
                while (TryReadFrame(buffer.AsSpan(taken, length - taken), out var header, out var frame))
                {
                    Take(buffer[taken], buffer.AsSpan(taken + header, frame - header));
                    taken += frame;
                }

                buffer.AsSpan(taken, length - taken).CopyTo(buffer);
                length -= taken;
            }
        }
        catch (SocketException)
        {
            // Either side has closed: the benchmark is over.
        }
    }

    private static bool TryReadFrame(ReadOnlySpan<byte> bytes, out int header, out int frame)
    {
        (header, frame) = (0, 0);
        if (bytes.Length < 4)
        {
            // The shortest message of the protocol is longer; a ping without payload waits for what follows it.
            return false;
        }

        header = bytes[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (bytes.Length < header)
        {
            return false;
        }

        frame = header + bytes[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
            var small => small,
        };
        return bytes.Length >= frame;
    }

    private void Take(byte kind, ReadOnlySpan<byte> payload)
    {
        if (kind == Close)
        {
            throw new InvalidOperationException($"The server closed: {Encoding.UTF8.GetString(payload[2..])}");
        }

        var prefix = "{\"seq\":"u8;
        if (kind == Ping || !payload.StartsWith(prefix) || !Utf8Parser.TryParse(payload[prefix.Length..], out long seq, out _))
        {
            return;
        }

        if (seq != _last + 1)
        {
            throw new InvalidOperationException($"Event {seq} came after {_last}.");
        }

        (_last, FrameBytes) = (seq, payload.Length + 4);
        if (seq % AckEvery == 0)
        {
            Acknowledge(seq);
        }
    }

    // A mask of zeros masks nothing.
    private void Acknowledge(long seq)
    {
        var payload = _ack.AsSpan(2 + MaskBytes);
        var prefix = "{\"type\":\"ack\",\"seq\":"u8;
        prefix.CopyTo(payload);
        Utf8Formatter.TryFormat(seq, payload[prefix.Length..], out var digits);
        payload[prefix.Length + digits] = (byte)'}';
        var length = prefix.Length + digits + 1;
        (_ack[0], _ack[1]) = (Text, (byte)(Masked | length));
        _socket.Send(_ack.AsSpan(0, 2 + MaskBytes + length));
    }
}
