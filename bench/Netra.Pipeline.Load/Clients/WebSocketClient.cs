using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Netra.Pipeline.Load.Clients;

/// <summary>
/// A WebSocket that costs next to nothing: no task, no stream and no copy between the socket and the handler, so that thousands of them
/// load a server from the machine that it shares. Reads come one at a time, on the threads of the socket engine; reads, ticks and sends of
/// the handler are under one lock. Sends never wait: what the socket does not take is kept, up to a bound, and sent with later ticks.
/// </summary>
internal sealed class WebSocketClient : IThreadPoolWorkItem, IDisposable
{
    private const int MaxHeader = 16 * 1024;
    private const int MaxMessage = 16 * 1024 * 1024;
    private const int MaxUnsent = 256 * 1024;
    private const int ReadsInARow = 8;

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly SslStream? _tls;
    private ClientHandler _handler;
    private readonly SocketAsyncEventArgs _receive = new();
    private byte[] _buffer;
    private int _filled;
    private byte[] _message = [];
    private int _messageLength;
    private byte[] _unsent = [];
    private int _unsentLength;
    private bool _isGathering;
    private bool _isWriting;
    private bool _isPaused;
    private bool _isReading = true;
    private bool _isEnding;
    private ClientEnd? _end;

    private WebSocketClient(Socket socket, SslStream? tls, ClientHandler handler, int bufferSize)
    {
        (_socket, _tls, _handler) = (socket, tls, handler);
        _buffer = new byte[bufferSize];
        _receive.Completed += (_, _) => OnReceived();
    }

    /// <summary>How many bytes have come, frames' headers included, the handshake excluded.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => Volatile.Read(ref _end) is not null;

    /// <summary>Connects, and begins to read.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="handler">Who is told what comes.</param>
    /// <param name="bufferSize">How much is read at once, in bytes; longer messages make it longer.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="HandshakeRefusedException">The server has not opened the WebSocket.</exception>
    public static async Task<WebSocketClient> ConnectAsync(
        ClientAddress address, ClientHandler handler, int bufferSize, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            if (address.Source is { } source)
            {
                socket.Dispose();
                socket = new Socket(source.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(source);
            }

            await socket.ConnectAsync(new DnsEndPoint(address.Url.Host, address.Url.Port), cancellationToken);
            if (address.Url.Scheme == Uri.UriSchemeHttps)
            {
                tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
                await tls.AuthenticateAsClientAsync(ServerTrust.Options(address.Url.Host, address.IsInsecure), cancellationToken);
            }

            var client = new WebSocketClient(socket, tls, handler, bufferSize);
            await client.OpenAsync(address, cancellationToken);
            return client;
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }

            if (exception is AuthenticationException)
            {
                throw new HandshakeRefusedException(exception.Message);
            }

            throw;
        }
    }

    /// <summary>Sends a text message, or keeps it until the socket takes it. Only for the handler, in its calls.</summary>
    public void SendText(ReadOnlySpan<byte> message) => Send(ClientFrame.Text, message);

    /// <summary>Lets the handler do what time asks for.</summary>
    public void Tick(long now)
    {
        lock (_gate)
        {
            if (_end is null && !_isPaused)
            {
                SendUnsent();
                _handler.OnTick(this, now);
            }
        }
    }

    /// <summary>Reads nothing more until it is told to go on: what a stalled page does.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            _isPaused = true;
        }
    }

    /// <summary>Reads on.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            _isPaused = false;
            _handler.OnResumed(MonotonicClock.Now);
            if (_isReading || _end is not null)
            {
                return;
            }

            _isReading = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>
    /// Begins no further read, says nothing more of its own, and tells its handler nothing: for the server, a peer whose network is gone.
    /// The socket stays open until the server has enough of it, or <see cref="Dispose"/>.
    /// </summary>
    /// <returns>False when it has ended before.</returns>
    public bool Abandon()
    {
        lock (_gate)
        {
            _isPaused = true;
            if (_end is not null)
            {
                return false;
            }

            _handler = new AbsentHandler();
            return true;
        }
    }

    /// <summary>Says goodbye; the server's answer ends the connection.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_end is null && !_isEnding)
            {
                _isEnding = true;
                Send(ClientFrame.Close, [0x03, 0xE8]);
            }
        }
    }

    /// <summary>Cuts it off without a word, with a reset.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            if (_end is null)
            {
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
                End(new ClientEnd(ClientEndCause.Client, CloseCode: null, "cut off"));
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            End(new ClientEnd(ClientEndCause.Client, CloseCode: null, "disposed"));
        }
    }

    void IThreadPoolWorkItem.Execute() => Read();

    private async Task OpenAsync(ClientAddress address, CancellationToken cancellationToken)
    {
        var handshake = new ClientHandshake(address);
        var request = handshake.Request();
        if (_tls is null)
        {
            await _socket.SendAsync(request, cancellationToken);
        }
        else
        {
            await _tls.WriteAsync(request, cancellationToken);
        }

        int end;
        while ((end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_filled == _buffer.Length)
            {
                Array.Resize(ref _buffer, _filled < MaxHeader
                    ? _filled * 2
                    : throw new HandshakeRefusedException($"the answer's header has more than {MaxHeader} bytes"));
            }

            var read = _tls is null
                ? await _socket.ReceiveAsync(_buffer.AsMemory(_filled), cancellationToken)
                : await _tls.ReadAsync(_buffer.AsMemory(_filled), cancellationToken);
            _filled += read > 0 ? read : throw new HandshakeRefusedException("the server has closed the connection instead of answering");
        }

        handshake.Check(_buffer.AsSpan(0, end));
        _filled -= end + 4;
        _buffer.AsSpan(end + 4, _filled).CopyTo(_buffer);
        lock (_gate)
        {
            _socket.Blocking = _tls is not null;
            _handler.OnOpened(this);
            BytesRead = _filled;
            Handle(MonotonicClock.Now);
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Read()
    {
        if (_tls is not null)
        {
            _ = ReadTlsAsync(_tls);
            return;
        }

        for (var reads = 0; reads < ReadsInARow; reads++)
        {
            lock (_gate)
            {
                if (_isPaused || _end is not null)
                {
                    _isReading = false;
                    return;
                }

                _receive.SetBuffer(_buffer, _filled, _buffer.Length - _filled);
                if (_socket.ReceiveAsync(_receive))
                {
                    return;
                }
            }

            if (!Take())
            {
                return;
            }
        }

        // The others of this thread get their turn.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void OnReceived()
    {
        if (Take())
        {
            Read();
        }
    }

    private bool Take()
    {
        lock (_gate)
        {
            if (_receive.SocketError != SocketError.Success)
            {
                End(new ClientEnd(
                    _isEnding ? ClientEndCause.Client : ClientEndCause.Server,
                    CloseCode: null,
                    $"the transport failed: {_receive.SocketError}"));
                return false;
            }

            return Take(_receive.BytesTransferred);
        }
    }

    private bool Take(int read)
    {
        if (_end is not null)
        {
            return false;
        }

        if (read == 0)
        {
            End(new ClientEnd(
                _isEnding ? ClientEndCause.Client : ClientEndCause.Server,
                CloseCode: null,
                "the server has ended the transport without a close frame"));
            return false;
        }

        _filled += read;
        BytesRead += read;
        Handle(MonotonicClock.Now);
        return _end is null;
    }

    private async Task ReadTlsAsync(SslStream tls)
    {
        try
        {
            while (true)
            {
                Memory<byte> free;
                lock (_gate)
                {
                    if (_isPaused || _end is not null)
                    {
                        _isReading = false;
                        return;
                    }

                    free = _buffer.AsMemory(_filled);
                }

                var read = await tls.ReadAsync(free);
                lock (_gate)
                {
                    if (!Take(read))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            lock (_gate)
            {
                End(new ClientEnd(
                    _isEnding ? ClientEndCause.Client : ClientEndCause.Server,
                    CloseCode: null,
                    $"the transport failed: {exception.Message}"));
            }
        }
    }

    // Everything that is whole in the buffer; the rest moves to its beginning.
    private void Handle(long now)
    {
        try
        {
            var at = 0;
            while (_end is null && ClientFrame.TryRead(_buffer.AsSpan(at, _filled - at), MaxMessage, out var frame))
            {
                if (frame.Length > _filled - at)
                {
                    Grow(frame.Length);
                    break;
                }

                Handle(frame, _buffer.AsSpan(at + frame.HeaderLength, frame.PayloadLength), now);
                at += frame.Length;
            }

            _filled -= at;
            if (at > 0 && _filled > 0)
            {
                _buffer.AsSpan(at, _filled).CopyTo(_buffer);
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or Protocol.ProtocolViolationException)
        {
            End(new ClientEnd(ClientEndCause.BrokenServer, CloseCode: null, $"what the server sent cannot be read: {exception.Message}"));
        }
    }

    private void Grow(int length)
    {
        if (length > _buffer.Length)
        {
            var longer = new byte[Math.Max(length, _buffer.Length * 2)];
            _buffer.AsSpan().CopyTo(longer);
            _buffer = longer;
        }
    }

    private void Handle(ClientFrame frame, ReadOnlySpan<byte> payload, long now)
    {
        switch (frame.Opcode)
        {
            case ClientFrame.Text or ClientFrame.Continuation when (frame.Opcode == ClientFrame.Continuation) != _isGathering:
                throw new InvalidDataException(
                    _isGathering ? "a message begins within another one" : "a frame goes on with a message that has not begun");
            case >= ClientFrame.Close when !frame.IsFinal || frame.PayloadLength > ClientFrame.MaxShort:
                throw new InvalidDataException($"a control frame of {frame.PayloadLength} bytes, or in parts");
            case ClientFrame.Text when frame.IsFinal:
                _handler.OnMessage(this, payload, now);
                break;
            case ClientFrame.Text or ClientFrame.Continuation:
                Gather(frame, payload, now);
                break;
            case ClientFrame.Ping:
                Send(ClientFrame.Pong, payload);
                break;
            case ClientFrame.Pong:
                break;
            case ClientFrame.Close:
                OnClose(payload);
                break;
            default:
                throw new InvalidDataException($"a frame of opcode {frame.Opcode}");
        }
    }

    private void Gather(ClientFrame frame, ReadOnlySpan<byte> payload, long now)
    {
        if (_messageLength + payload.Length > MaxMessage)
        {
            throw new InvalidDataException($"a message of more than {MaxMessage} bytes");
        }

        if (_messageLength + payload.Length > _message.Length)
        {
            Array.Resize(ref _message, Math.Max(_messageLength + payload.Length, _message.Length * 2));
        }

        payload.CopyTo(_message.AsSpan(_messageLength));
        _messageLength += payload.Length;
        _isGathering = !frame.IsFinal;
        if (frame.IsFinal)
        {
            var length = _messageLength;
            _messageLength = 0;
            _handler.OnMessage(this, _message.AsSpan(0, length), now);
        }
    }

    private void OnClose(ReadOnlySpan<byte> payload)
    {
        int? code = payload.Length >= 2 ? (payload[0] << 8) | payload[1] : null;
        if (!_isEnding)
        {
            Send(ClientFrame.Close, payload.Length >= 2 ? payload[..2] : []);
        }

        var reason = payload.Length > 2 ? System.Text.Encoding.UTF8.GetString(payload[2..]) : string.Empty;
        End(new ClientEnd(
            _isEnding ? ClientEndCause.Client : ClientEndCause.Server, code, $"the server closed with {code} {reason}".TrimEnd()));
    }

    private void Send(int opcode, ReadOnlySpan<byte> payload)
    {
        // After a goodbye no data may follow (RFC 6455, 5.5.1).
        if (_end is not null || (_isEnding && opcode == ClientFrame.Text))
        {
            return;
        }

        var length = ClientFrame.LengthOf(payload.Length);
        if (_unsentLength + length > MaxUnsent)
        {
            End(new ClientEnd(ClientEndCause.BrokenServer, CloseCode: null, $"the server reads nothing: {_unsentLength} bytes wait"));
            return;
        }

        if (_unsentLength + length > _unsent.Length)
        {
            Array.Resize(ref _unsent, Math.Max(_unsentLength + length, 128));
        }

        ClientFrame.Write(opcode, payload, _unsent.AsSpan(_unsentLength, length));
        _unsentLength += length;
        SendUnsent();
    }

    private void SendUnsent()
    {
        if (_unsentLength == 0)
        {
            return;
        }

        if (_tls is not null)
        {
            if (!_isWriting)
            {
                _isWriting = true;
                _ = WriteTlsAsync(_tls);
            }

            return;
        }

        var sent = _socket.Send(_unsent.AsSpan(0, _unsentLength), SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            // The reader meets the same end, after what came before it.
            _unsentLength = 0;
            return;
        }

        _unsentLength -= sent;
        _unsent.AsSpan(sent, _unsentLength).CopyTo(_unsent);
    }

    private async Task WriteTlsAsync(SslStream tls)
    {
        try
        {
            while (true)
            {
                byte[] next;
                lock (_gate)
                {
                    if (_unsentLength == 0 || _end is not null)
                    {
                        _isWriting = false;
                        return;
                    }

                    next = _unsent[.._unsentLength];
                    _unsentLength = 0;
                }

                await tls.WriteAsync(next);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The reader meets the same end, after what came before it; nothing more is written.
        }
    }

    private void End(ClientEnd end)
    {
        if (_end is not null)
        {
            return;
        }

        Volatile.Write(ref _end, end);
        _socket.Dispose();
        _handler.OnEnded(end);
    }
}
