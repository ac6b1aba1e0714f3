using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Crash;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// A page as docs/protocol.md wants one: it answers pings, acknowledges, drops what it has processed, and when it is cut off it comes back
/// with its cursor and full jitter. Asked to go elsewhere, it stays until there is a server that takes it. It keeps what it was sent, and
/// what was wrong with that. On a bare socket and one loop, so that thousands fit beside the server. Its figures may be read from any
/// thread.
/// </summary>
internal sealed class HealthyPage : IAsyncDisposable
{
    /// <summary>The longest that it waits before it comes again.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly HarmBench _bench;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly HashSet<long> _seen = [];
    private readonly List<string> _complaints = [];
    private readonly List<string> _endings = [];
    private readonly List<string> _errors = [];
    private readonly Dictionary<string, string> _runEnds = [];
    private readonly HashSet<string> _stalled = [];
    private readonly bool _fromNow;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProcessedNumbers _processed = new(0);
    private Task _living = Task.CompletedTask;
    private Socket? _socket;
    private Socket? _dropped;
    private WelcomeMessage? _welcome;
    private byte[] _buffer = new byte[2048];
    private string? _epoch;
    private long _from;
    private long _next;
    private long _acknowledged;
    private CancellationTokenSource? _asked;
    private long _dueAt;
    private bool _isFirst = true;
    private volatile bool _isGoing;
    private volatile bool _isFrozen;
    private volatile bool _isAwayOnPurpose;

    private HealthyPage(HarmBench bench, string userId, bool fromNow) => (_bench, UserId, _fromNow) = (bench, userId, fromNow);

    public string UserId { get; }

    /// <summary>Whether its tab is in the background: the browser answers, the page does not.</summary>
    public bool IsFrozen
    {
        get => _isFrozen;
        init => _isFrozen = value;
    }

    /// <summary>How long it takes over each read of at most <see cref="BytesAtOnce"/>.</summary>
    public TimeSpan ReadPause { get; set; }

    public int BytesAtOnce { get; set; } = int.MaxValue;

    /// <summary>Whether it acknowledges only with its pongs.</summary>
    public bool AcknowledgesWithPongs { get; set; }

    /// <summary>The kernel's receive buffer.</summary>
    public int? ReceiveBuffer { get; init; }

    /// <summary>What the browser's address bar says, which it names as host and origin; null for a page that is in none.</summary>
    public string? Address { get; init; }

    /// <summary>Is told each event that comes for the first time; it must not wait.</summary>
    public Action<EventMessage>? OnFirst { get; set; }

    public bool IsThere => Volatile.Read(ref _socket) is { Connected: true } && Volatile.Read(ref _welcome) is not null;

    public int Connections { get; private set; }

    public int Refusals { get; private set; }

    /// <summary>How often it was asked to go elsewhere, and to stay after all.</summary>
    public (int Go, int Stay) Asked { get; private set; }

    public long Start { get; private set; }

    public long Cursor
    {
        get
        {
            lock (_gate)
            {
                return _processed.Cursor;
            }
        }
    }

    /// <summary>How it was ended while nobody meant to.</summary>
    public IReadOnlyList<string> Endings => Copy(_endings);

    public IReadOnlyList<string> Complaints => Copy(_complaints);

    /// <summary>The codes of the <c>error</c> messages that it got.</summary>
    public IReadOnlyList<string> Errors => Copy(_errors);

    public static async Task<HealthyPage> OpenAsync(
        HarmBench bench, string userId, bool fromNow = false, int? receiveBuffer = null, string? address = null)
    {
        var page = new HealthyPage(bench, userId, fromNow) { ReceiveBuffer = receiveBuffer, Address = address };
        page._living = page.LiveAsync();
        await page.WhenAsync(() => page.IsThere, TimeSpan.FromSeconds(20), "the page is welcomed");
        return page;
    }

    /// <summary>Begins to come, and does not wait for it.</summary>
    public static HealthyPage Begin(HarmBench bench, string userId)
    {
        var page = new HealthyPage(bench, userId, fromNow: true);
        page._living = page.LiveAsync();
        return page;
    }

    /// <summary>Puts the tab into the background.</summary>
    public void Freeze() => _isFrozen = true;

    /// <summary>Brings the tab to the front again: whatever came meanwhile is handled now.</summary>
    public async Task ThawAsync()
    {
        _isFrozen = false;
        await AcknowledgeAsync(Volatile.Read(ref _socket));
    }

    /// <summary>Cuts the transport without a word, and comes back after a while.</summary>
    public async Task DropAsync(TimeSpan away)
    {
        // Kept, since its loop may hear of it only when it is to come back.
        var socket = Volatile.Read(ref _socket);
        Volatile.Write(ref _dropped, socket);
        _isAwayOnPurpose = true;
        socket?.Close(0);
        await Task.Delay(away, TimeProvider.System);
        _isAwayOnPurpose = false;
    }

    /// <summary>Sends a message.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> message) => SendFrameAsync(Volatile.Read(ref _socket), 1, message);

    /// <summary>Sends a ping of the WebSocket.</summary>
    public Task PingAsync(int bytes) => SendFrameAsync(Volatile.Read(ref _socket), 9, new byte[bytes]);

    public bool HasSeen(long seq)
    {
        lock (_gate)
        {
            return _seen.Contains(seq);
        }
    }

    /// <summary>How a run ended for this page: <c>agent_failed/lease_expired</c>, say; null while it is open.</summary>
    public string? EndOf(string runId)
    {
        lock (_gate)
        {
            return _runEnds.GetValueOrDefault(runId);
        }
    }

    public bool SawStall(string runId)
    {
        lock (_gate)
        {
            return _stalled.Contains(runId);
        }
    }

    /// <summary>Waits for what a message may bring.</summary>
    /// <returns>Whether it came in time.</returns>
    public async Task<bool> TryWhenAsync(Func<bool> condition, TimeSpan patience)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task news;
            lock (_gate)
            {
                news = _news.Task;
            }

            if (condition())
            {
                return true;
            }

            var left = patience - TimeProvider.System.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await Task.WhenAny(news, Task.Delay(left, TimeProvider.System));
        }
    }

    public async Task WhenAsync(Func<bool> condition, TimeSpan patience, string what)
    {
        if (!await TryWhenAsync(condition, patience))
        {
            throw new AssertionException(
                $"{UserId}: it did not come to be within {patience} that {what}. It stands at {Cursor}; endings: "
                + $"{string.Join("; ", Endings)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Volatile.Read(ref _socket)?.Close(0);
        await _living;
        _asked?.Dispose();
        _over.Dispose();
    }

    private List<string> Copy(List<string> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }

    private async Task LiveAsync()
    {
        await Task.Yield();
        var attempts = 0;
        while (!_over.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                if (ReceiveBuffer is { } bytes)
                {
                    socket.ReceiveBufferSize = bytes;
                }

                var restarts = _bench.Restarts;
                await socket.ConnectAsync(IPAddress.Loopback, _bench.Port, _over.Token);
                Volatile.Write(ref _socket, socket);
                var (end, welcomed) = await VisitAsync(socket);
                Volatile.Write(ref _welcome, null);
                attempts = welcomed ? 0 : attempts;
                Forget();
                if (_isGoing)
                {
                    _isGoing = false;
                    continue;
                }

                var isMeant = _over.IsCancellationRequested || _isAwayOnPurpose || Volatile.Read(ref _dropped) == socket
                    || _bench.IsDown || _bench.Restarts != restarts;
                if (welcomed && !isMeant)
                {
                    Note(_endings, end);
                }
            }
            catch (Exception exception)
                when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                Volatile.Write(ref _welcome, null);
            }

            var longest = FirstPause * Math.Pow(2, Math.Min(attempts++, 10));
            var pause = (longest < LongestPause ? longest : LongestPause) * Random.Shared.NextDouble();
            if (_dueAt != 0)
            {
                var left = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), _dueAt);
                (pause, _dueAt) = (left > TimeSpan.Zero ? left : pause, 0);
            }

            try
            {
                await Task.Delay(pause, TimeProvider.System, _over.Token);
                while (_isAwayOnPurpose)
                {
                    await Task.Delay(FirstPause, TimeProvider.System, _over.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Returns how the connection ended, and whether it had begun.
    private async Task<(string End, bool Welcomed)> VisitAsync(Socket socket)
    {
        var resume = _isFirst ? (_fromNow ? "" : "&seq=0") : $"&epoch={_epoch}&seq={Cursor}&from={_from}";
        var handshake = $"GET /ws?user_id={Uri.EscapeDataString(UserId)}{resume} HTTP/1.1\r\n"
            + (Address is null ? $"Host: 127.0.0.1:{_bench.Port}\r\n" : $"Host: {Address}\r\nOrigin: http://{Address}\r\n")
            + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: netra.v1\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(handshake), _over.Token);
        var (length, welcomed) = (0, false);
        var hasHead = false;
        while (true)
        {
            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            int read;
            try
            {
                if (ReadPause > TimeSpan.Zero)
                {
                    await Task.Delay(ReadPause, TimeProvider.System, _over.Token);
                }

                read = await socket.ReceiveAsync(_buffer.AsMemory(length, Math.Min(BytesAtOnce, _buffer.Length - length)), _over.Token);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return ($"cut off: {exception.Message}", welcomed);
            }

            if (read == 0)
            {
                return ("cut off without a close frame", welcomed);
            }

            length += read;
            var position = 0;
            if (!hasHead)
            {
                var end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
                if (end < 0)
                {
                    continue;
                }

                if (!_buffer.AsSpan(0, length).StartsWith("HTTP/1.1 101"u8))
                {
                    Refusals++;
                    return (Encoding.ASCII.GetString(_buffer, 0, Math.Min(length, 40)), false);
                }

                (hasHead, position) = (true, end + 4);
            }

            while (FrameAt(position, length) is { } frame)
            {
                if (frame.Opcode == 8)
                {
                    var code = frame.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(frame.Start)) : 0;
                    var reason = frame.Length > 2 ? Encoding.UTF8.GetString(_buffer, frame.Start + 2, frame.Length - 2) : "";
                    await SendFrameAsync(socket, 8, _buffer.AsMemory(frame.Start, Math.Min(2, frame.Length)));
                    return ($"closed with {code} {reason}", welcomed);
                }

                if (frame.Opcode == 9)
                {
                    await SendFrameAsync(socket, 10, _buffer.AsMemory(frame.Start, frame.Length));
                }
                else if (frame.Opcode == 1)
                {
                    var message = ServerMessageReader.Read(_buffer.AsSpan(frame.Start, frame.Length));
                    welcomed |= message is WelcomeMessage;
                    await HandleAsync(socket, message);
                }

                position = frame.Start + frame.Length;
            }

            _buffer.AsSpan(position, length - position).CopyTo(_buffer);
            length -= position;
            if (!_isFrozen && !AcknowledgesWithPongs && Cursor > _acknowledged)
            {
                await AcknowledgeAsync(socket);
            }
        }
    }

    private (int Opcode, int Start, int Length)? FrameAt(int position, int length)
    {
        var bytes = _buffer.AsSpan(position, length - position);
        if (bytes.Length < 2)
        {
            return null;
        }

        var (payload, head) = ((long)(bytes[1] & 0x7F), 2);
        if (payload >= 126)
        {
            head = payload == 126 ? 4 : 10;
            if (bytes.Length < head)
            {
                return null;
            }

            payload = head == 4 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        }

        return bytes.Length < head + payload ? null : (bytes[0] & 0x0F, position + head, (int)payload);
    }

    private async Task HandleAsync(Socket socket, ServerMessage message)
    {
        if (message is PingMessage ping)
        {
            if (!_isFrozen)
            {
                var cursor = Cursor;
                await SendFrameAsync(socket, 1, ClientMessageWriter.Pong(new PongMessage(cursor > 0 ? cursor : null, ping.Ts)));
                _acknowledged = cursor;
            }

            return;
        }

        TaskCompletionSource news;
        lock (_gate)
        {
            switch (message)
            {
                case WelcomeMessage welcome:
                    OnWelcome(welcome);
                    break;
                case EventMessage numbered:
                    OnEvent(numbered);
                    break;
                case GapMessage gap:
                    OnGap(gap);
                    break;
                case ErrorMessage error:
                    _errors.Add(error.Code);
                    break;
                case ReconnectMessage reconnect:
                    OnReconnect(socket, reconnect);
                    break;
                case StayMessage:
                    Forget();
                    (_dueAt, Asked) = (0, (Asked.Go, Asked.Stay + 1));
                    break;
            }

            (news, _news) = (_news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        news.TrySetResult();
    }

    private void OnReconnect(Socket socket, ReconnectMessage reconnect)
    {
        Forget();
        Asked = (Asked.Go + 1, Asked.Stay);
        _asked = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _dueAt = TimeProvider.System.GetTimestamp() + (reconnect.AfterMs * TimeProvider.System.TimestampFrequency / 1000);
        _ = GoAsync(socket, TimeSpan.FromMilliseconds(reconnect.AfterMs), _asked.Token);
    }

    // What it waits for is kept, since the connection may be over before the time has come.
    private void Forget() => _asked?.Cancel();

    private async Task GoAsync(Socket socket, TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            while (!await IsAnyoneReadyAsync(cancellationToken))
            {
                await Task.Delay(LongestPause * Random.Shared.NextDouble(), TimeProvider.System, cancellationToken);
            }

            (_isGoing, _dueAt) = (true, 0);
            socket.Close(0);
        }
        catch (OperationCanceledException)
        {
            // The connection is over, or it may stay.
        }
    }

    private async Task<bool> IsAnyoneReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _bench.Http.GetAsync(_bench.Address("/readyz"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void OnWelcome(WelcomeMessage welcome)
    {
        Connections++;
        if (_isFirst)
        {
            (_isFirst, Start) = (false, welcome.From);
            _processed = new ProcessedNumbers(welcome.From);
        }
        else if (!welcome.Resumed)
        {
            _complaints.Add($"was not resumed at {_processed.Cursor}");
            _processed = new ProcessedNumbers(welcome.From);
        }

        (_epoch, _from, _next, _acknowledged) = (welcome.Epoch, welcome.From, _processed.Cursor + 1, _processed.Cursor);
        Volatile.Write(ref _welcome, welcome);
    }

    private void OnEvent(EventMessage numbered)
    {
        if (numbered.Redelivery is null)
        {
            if (numbered.Seq != _next)
            {
                _complaints.Add($"got number {numbered.Seq} where {_next} was due");
            }

            _next = Math.Max(_next, numbered.Seq + 1);
        }

        if (_processed.Contains(numbered.Seq))
        {
            return;
        }

        _processed.Add(numbered.Seq, numbered.Seq);
        _seen.Add(numbered.Seq);
        OnFirst?.Invoke(numbered);
        if (numbered.EventType is EventType.AgentStalled)
        {
            _stalled.Add(numbered.RunId);
        }
        else if (numbered.EventType is EventType.AgentCompleted or EventType.AgentFailed or EventType.AgentCancelled)
        {
            var code = numbered.Data.TryGetProperty("error", out var error) ? "/" + error.GetProperty("code").GetString() : "";
            _runEnds[numbered.RunId] = numbered.Type + code;
        }
    }

    private void OnGap(GapMessage gap)
    {
        if (!gap.Replay)
        {
            if (gap.Cause != GapCause.ServerRestart || !_bench.Harm.IsKilled)
            {
                _complaints.Add($"lost numbers: {gap}");
            }

            _processed.Add(gap.From, gap.To);
            _next = Math.Max(_next, gap.To + 1);
        }
    }

    private async Task AcknowledgeAsync(Socket? socket)
    {
        var cursor = Cursor;
        if (cursor > _acknowledged && socket is not null)
        {
            _acknowledged = cursor;
            await SendFrameAsync(socket, 1, ClientMessageWriter.Ack(cursor));
        }
    }

    private static async Task SendFrameAsync(Socket? socket, int opcode, ReadOnlyMemory<byte> payload)
    {
        var frame = RawFrameBytes(opcode, payload.Span);
        try
        {
            if (socket is not null)
            {
                await socket.SendAsync(frame);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The reader notices that it is over.
        }
    }

    // A mask of zeros is a mask.
    private static byte[] RawFrameBytes(int opcode, ReadOnlySpan<byte> payload)
    {
        var head = payload.Length < 126 ? 2 : 4;
        var frame = new byte[head + 4 + payload.Length];
        frame[0] = (byte)(0x80 | opcode);
        frame[1] = (byte)(0x80 | (head == 2 ? payload.Length : 126));
        if (head == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }

        payload.CopyTo(frame.AsSpan(head + 4));
        return frame;
    }

    private void Note(List<string> list, string what)
    {
        lock (_gate)
        {
            list.Add(what);
        }
    }
}
