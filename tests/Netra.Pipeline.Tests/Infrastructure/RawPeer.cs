using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A peer that sends whatever bytes a test wants, and sees every byte that comes: what <see cref="TestClient"/> is too
/// well-behaved for. It reads only when asked to.
/// </summary>
internal sealed class RawPeer : IAsyncDisposable
{
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    private readonly TcpClient _tcp;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    private RawPeer(TcpClient tcp, Stream stream) => (_tcp, Stream) = (tcp, stream);

    public Stream Stream { get; }

    public Socket Socket => _tcp.Client;

    /// <summary>Opens a transport and sends nothing over it.</summary>
    /// <param name="port">The port on this machine.</param>
    /// <param name="protocol">The protocol to agree on over TLS; null for a transport without TLS.</param>
    /// <param name="receiveBuffer">The kernel's receive buffer; small for a peer that soon takes no more.</param>
    /// <param name="from">Its own address, of this machine; null for any.</param>
    public static async Task<RawPeer> ConnectAsync(
        int port, SslApplicationProtocol? protocol = null, int? receiveBuffer = null, IPAddress? from = null)
    {
        var tcp = new TcpClient(new IPEndPoint(from ?? IPAddress.Any, 0)) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            tcp.ReceiveBufferSize = bytes;
        }

        try
        {
            await tcp.ConnectAsync(IPAddress.Loopback, port).WaitAsync(TestClient.Patience);
        }
        catch
        {
            tcp.Dispose();
            throw;
        }

        Stream stream = tcp.GetStream();
        if (protocol is { } application)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [application],
                EnabledSslProtocols = SslProtocols.None,
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Subject == "CN=localhost",
            }).WaitAsync(TestClient.Patience);
            stream = tls;
        }

        return new RawPeer(tcp, stream);
    }

    /// <summary>Opens a transport, unless the server closes it while it is opened.</summary>
    public static async Task<RawPeer?> TryConnectAsync(int port, IPAddress? from = null)
    {
        try
        {
            return await ConnectAsync(port, from: from);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Opens a WebSocket, and reads its answer and its welcome.</summary>
    public static async Task<RawPeer> OpenAsync(int port, string userId, SslApplicationProtocol? protocol = null, int? receiveBuffer = null)
    {
        var client = await ConnectAsync(port, protocol, receiveBuffer);
        await client.SendAsync(Handshake(userId));
        Assert.That((await client.ReadResponseAsync())!.Status, Is.EqualTo(101));
        await client.ReadWelcomeAsync();
        return client;
    }

    /// <summary>A handshake that is right, unless told otherwise.</summary>
    /// <param name="userId">Who connects.</param>
    /// <param name="more">More of the query, from the ampersand on.</param>
    /// <param name="key">The key's header lines; null leaves them out.</param>
    /// <param name="version">The version's header value.</param>
    /// <param name="fields">Further header lines, each with its CRLF.</param>
    /// <param name="requestLine">Another request line, without its CRLF.</param>
    public static string Handshake(
        string userId,
        string more = "",
        string? key = $"Sec-WebSocket-Key: {Key}\r\n",
        string version = "13",
        string fields = "Sec-WebSocket-Protocol: netra.v1\r\n",
        string? requestLine = null)
        => (requestLine ?? $"GET /ws?user_id={userId}{more} HTTP/1.1")
            + "\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: {version}\r\n{key}{fields}\r\n";

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes).AsTask().WaitAsync(TestClient.Patience);

    /// <summary>Sends as much as the peer takes before it closes, and does not mind that it closes.</summary>
    /// <returns>Whether everything was taken.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public Task SendFrameAsync(int opcode, ReadOnlyMemory<byte> payload, bool final = true, bool masked = true, int reserved = 0)
        => SendAsync(RawFrame.Encode(opcode, payload.Span, final, masked, reserved));

    /// <summary>Says that nothing more comes, as <c>nc -N</c> does.</summary>
    public void ShutdownSend() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Cuts the transport with a reset.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Socket.Close();
    }

    /// <summary>The next response; null when the server closed without one.</summary>
    public async Task<RawResponse?> ReadResponseAsync()
    {
        if (await ReadLineAsync() is not { } statusLine)
        {
            return null;
        }

        Assert.That(statusLine, Does.StartWith("HTTP/1.1 "));
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var status = int.Parse(statusLine.AsSpan(9, 3));

        // What goes on from there is the caller's to read.
        var isOpen = status == 101 || headers.GetValueOrDefault("Content-Type") == "text/event-stream";
        return new RawResponse(status, headers, isOpen ? [] : await ReadBodyAsync(headers));
    }

    /// <summary>The next frame; null when the transport ends before one begins.</summary>
    public async Task<RawFrame?> ReadFrameAsync()
    {
        if (!await FillAsync(1, mayEnd: true))
        {
            return null;
        }

        var head = await TakeAsync(2);
        Assert.That(head[1] & 0x80, Is.Zero, "a server masks nothing");
        long length = head[1] & 0x7F;
        if (length >= 126)
        {
            var extended = await TakeAsync(length == 126 ? 2 : 8);
            length = extended.Aggregate(0L, static (sum, b) => (sum << 8) | b);
        }

        Assert.That(length, Is.InRange(0, 16 * 1024 * 1024), "a length that no frame of ours has: the bytes are out of step");
        return new RawFrame(head[0], await TakeAsync((int)length));
    }

    public async Task ReadWelcomeAsync() => Assert.That((await ReadFrameAsync())?.PayloadText, Does.StartWith("{\"type\":\"welcome\""));

    /// <summary>Reads to the close frame, which must come, and to the end of the transport.</summary>
    public async Task<RawFrame> ReadCloseAsync()
    {
        RawFrame? frame;
        do
        {
            frame = await ReadFrameAsync();
        }
        while (frame is { Opcode: not RawFrame.Close });
        Assert.That(frame, Is.Not.Null, "the transport ended without a close frame");
        return frame!;
    }

    /// <summary>Reads whatever comes until the transport ends, by FIN or reset.</summary>
    /// <returns>How many bytes came.</returns>
    public async Task<long> ReadToEndAsync()
    {
        long count = _end - _start;
        try
        {
            while (true)
            {
                var read = await Stream.ReadAsync(_buffer).AsTask().WaitAsync(TestClient.Patience);
                if (read == 0)
                {
                    return count;
                }

                count += read;
            }
        }
        catch (IOException)
        {
            return count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Not the TLS stream's goodbye: the peer may be gone.
        _tcp.Dispose();
        try
        {
            await Stream.DisposeAsync();
        }
        catch (IOException)
        {
        }
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var length))
        {
            return await TakeAsync(int.Parse(length));
        }

        if (headers.GetValueOrDefault("Transfer-Encoding") != "chunked")
        {
            return [];
        }

        var body = new List<byte>();
        while (true)
        {
            var size = Convert.ToInt32(await ReadLineAsync(), 16);
            body.AddRange(await TakeAsync(size));
            await ReadLineAsync();
            if (size == 0)
            {
                return [.. body];
            }
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (await FillAsync(1, mayEnd: line.Length == 0))
        {
            var next = (char)_buffer[_start++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(next);
        }

        return null;
    }

    private async Task<byte[]> TakeAsync(int count)
    {
        var result = new byte[count];
        for (var taken = 0; taken < count;)
        {
            await FillAsync(1, mayEnd: false);
            var piece = Math.Min(count - taken, _end - _start);
            _buffer.AsSpan(_start, piece).CopyTo(result.AsSpan(taken));
            (_start, taken) = (_start + piece, taken + piece);
        }

        return result;
    }

    private async Task<bool> FillAsync(int count, bool mayEnd)
    {
        while (_end - _start < count)
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }

            int read;
            try
            {
                read = await Stream.ReadAsync(_buffer.AsMemory(_end)).AsTask().WaitAsync(TestClient.Patience);
            }
            catch (IOException) when (mayEnd)
            {
                read = 0;
            }
            catch (TimeoutException exception)
            {
                throw new AssertionException($"Nothing came within {TestClient.Patience}.", exception);
            }

            if (read == 0)
            {
                return mayEnd ? false : throw new AssertionException("The transport ended in the middle.");
            }

            _end += read;
        }

        return true;
    }
}
