using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>
/// Publishes over one long request of many lines, and reads its receipts while it does: <c>HttpClient</c> reads no answer before it has
/// sent everything, so HTTP/1.1 is spoken here. A request that breaks is begun anew; what it has not answered is sent again if events have
/// keys.
/// </summary>
internal sealed class NdjsonPublisher : EventPublisher
{
    // A chunk's size, its end of line before and after.
    private const int ChunkRoom = 12;
    private const int MaxUnanswered = 20_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RestTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReturnPause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Queue<(PublishedLine Line, long SentAt)> _unanswered = new();
    private long _answeredAt;
    private long _receiptAt;
    private long _failedAt;
    private byte[] _buffer = new byte[64 * 1024];
    private Stream? _stream;
    private LoadFailedException? _failure;
    private string _ended = string.Empty;
    private Task _reading = Task.CompletedTask;

    /// <param name="name">Names it in findings.</param>
    /// <param name="shared">What all publishers of the run share.</param>
    public NdjsonPublisher(string name, PublisherRun shared)
        : base(name, shared)
    {
    }

    /// <summary>How many events wait for their receipts.</summary>
    public int Unanswered
    {
        get
        {
            lock (_gate)
            {
                return _unanswered.Count;
            }
        }
    }

    public override async Task PublishAsync(IReadOnlyList<PublishedLine> lines, CancellationToken cancellationToken)
    {
        if (_failure is not null)
        {
            throw _failure;
        }

        if (_stream is null || _reading.IsCompleted)
        {
            await ReturnAsync(cancellationToken);
        }

        await WaitAsync(MaxUnanswered, cancellationToken);
        var now = MonotonicClock.Now;
        var oldest = now;
        lock (_gate)
        {
            oldest = _unanswered.TryPeek(out var first) ? first.SentAt : now;
        }

        // Where receipts come, however late, the server is at work.
        if (now - Math.Max(oldest, Volatile.Read(ref _receiptAt)) > Shared.Patience.Ticks * TimeSpan.NanosecondsPerTick)
        {
            throw Stalled("no receipt has come");
        }

        lock (_gate)
        {
            foreach (var line in lines)
            {
                _unanswered.Enqueue((line, now));
            }
        }

        if (!await WriteAsync(Chunk(lines), cancellationToken))
        {
            await ReturnAsync(cancellationToken);
        }
    }

    public override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        while (_stream is not null)
        {
            if (await WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken))
            {
                await WaitAsync(unanswered: 0, cancellationToken);
                await Task.WhenAny(_reading, Task.Delay(GoodbyeTimeout, TimeProvider.System, cancellationToken));
            }

            if (Unanswered == 0)
            {
                return;
            }

            if (!Shared.HasKeys)
            {
                GiveUp("the server has ended its answer");
                return;
            }

            await ReturnAsync(cancellationToken);
        }
    }

    /// <summary>Cuts the request off, as a publisher that dies does.</summary>
    public void Cut() => _stream?.Dispose();

    public override async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
            await _reading;
        }
    }

    // Until at most so many events are unanswered, or the request has broken.
    private async Task WaitAsync(int unanswered, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _answeredAt, MonotonicClock.Now);
        while (Unanswered > unanswered && !_reading.IsCompleted)
        {
            if (MonotonicClock.Since(Volatile.Read(ref _answeredAt)) > Shared.Patience)
            {
                throw Stalled("no receipt has come");
            }

            await Task.WhenAny(_reading, Task.Delay(Step, TimeProvider.System, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // False when the request has broken.
    private async Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Shared.Patience);
        try
        {
            await _stream!.WriteAsync(bytes, patience.Token);
            return true;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stalled("the server has read nothing");
        }
    }

    private LoadFailedException Stalled(string what)
    {
        Cut();
        what = $"{what} for {Shared.Patience.TotalSeconds} s";
        Shared.Findings.Add(FindingKind.Stalled, Name, $"{what} ({Shared.Findings.At(MonotonicClock.Now)})");
        GiveUp(what);
        return _failure = new LoadFailedException($"{Name}: {what}");
    }

    private void GiveUp(string why)
    {
        lock (_gate)
        {
            if (_unanswered.TryPeek(out var first))
            {
                Shared.Findings.Add(
                    FindingKind.WrongReceipt,
                    Name,
                    $"{_unanswered.Count} events have no receipt, the first is event {first.Line.Place} of {first.Line.Stream.UserId}: "
                    + why,
                    _unanswered.Count);
            }

            foreach (var (line, _) in _unanswered)
            {
                line.Stream.GiveUp(line.Place);
            }

            _unanswered.Clear();
        }
    }

    // A new request; what was not answered goes first.
    private async Task ReturnAsync(CancellationToken cancellationToken)
    {
        var begun = MonotonicClock.Now;
        var isFirst = _stream is null;
        await DisposeAsync();
        _failedAt = isFirst || Volatile.Read(ref _receiptAt) > _failedAt ? begun : _failedAt;
        if (!isFirst)
        {
            Shared.OnReconnected();
            if (!Shared.HasKeys)
            {
                // Nobody knows what became of them: a second event must not be made.
                Shared.Findings.Add(
                    FindingKind.Ended, Name, $"the publishing request was ended ({Shared.Findings.At(begun)}): {_ended}");
                GiveUp("the publishing request was ended");
            }
        }

        while (true)
        {
            // A server that takes requests and answers nothing is no better than one that refuses them.
            if (!isFirst && MonotonicClock.Since(_failedAt) > Shared.Patience)
            {
                throw Stalled("no request was answered");
            }

            try
            {
                await DisposeAsync();
                await OpenAsync(cancellationToken);
                List<PublishedLine> again;
                lock (_gate)
                {
                    again = [.. _unanswered.Select(static pair => pair.Line)];
                }

                if (again.Count == 0 || await WriteAsync(Chunk(again), cancellationToken))
                {
                    return;
                }
            }
            catch (Exception exception) when (IsRefusal(exception))
            {
                if (isFirst || MonotonicClock.Since(_failedAt) > Shared.Patience)
                {
                    Shared.Findings.Add(FindingKind.Refused, Name, $"POST /v1/events: {exception.Message}");
                    GiveUp(exception.Message);
                    throw _failure = new LoadFailedException($"{Name} cannot publish: {exception.Message}", exception);
                }
            }

            await Task.Delay(ReturnPause, TimeProvider.System, cancellationToken);
        }
    }

    private static bool IsRefusal(Exception exception)
        => exception is IOException or ObjectDisposedException or SocketException or HandshakeRefusedException or InvalidDataException
            or AuthenticationException;

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var url = Shared.Target.Url;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Shared.Patience);
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(url.Host, url.Port), patience.Token);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (url.Scheme == Uri.UriSchemeHttps)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsClientAsync(ServerTrust.Options(url.Host, Shared.Target.IsInsecure), patience.Token);
            }

            var head = new StringBuilder("POST ").Append(url.AbsolutePath.TrimEnd('/')).Append("/v1/events HTTP/1.1\r\nHost: ")
                .Append(url.Authority).Append("\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n");
            if (Shared.Target.Token is { } token)
            {
                head.Append("Authorization: Bearer ").Append(token).Append("\r\n");
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), patience.Token);
            var answer = new HttpAnswer(stream);
            await answer.ReadHeaderAsync(patience.Token);
            if (answer.Status != 200)
            {
                throw new HandshakeRefusedException($"{answer.Status} {Quote(await answer.ReadRestAsync(RestTimeout))}");
            }

            _stream = stream;
            _ended = "the server has ended its answer";
            _reading = Task.Run(() => ReadAsync(answer), CancellationToken.None);
        }
        catch (Exception exception)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            socket.Dispose();
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new HandshakeRefusedException($"not answered within {Shared.Patience.TotalSeconds} s");
            }

            throw;
        }
    }

    private async Task ReadAsync(HttpAnswer answer)
    {
        try
        {
            while (await answer.ReadLinesAsync(Take))
            {
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The request is begun anew with the next lines, or at the end.
            _ended = exception.Message;
        }
        catch (InvalidDataException exception)
        {
            _ended = exception.Message;
            Shared.Findings.Add(FindingKind.Unreadable, Name, exception.Message);
        }
    }

    private void Take(ReadOnlySpan<byte> receipt)
    {
        if (receipt.IsEmpty)
        {
            // A sign of life.
            return;
        }

        Volatile.Write(ref _receiptAt, MonotonicClock.Now);
        Volatile.Write(ref _answeredAt, MonotonicClock.Now);
        (PublishedLine Line, long SentAt) answered;
        lock (_gate)
        {
            if (!_unanswered.TryDequeue(out answered))
            {
                Shared.Findings.Add(
                    FindingKind.WrongReceipt, Name, $"a receipt that no event is waiting for: {Quote(receipt)}");
                return;
            }
        }

        Take(answered.Line, answered.SentAt, receipt);
    }

    private ReadOnlyMemory<byte> Chunk(IReadOnlyList<PublishedLine> lines)
    {
        var room = ChunkRoom + (lines.Count * (EventLine.MaxLength + 1));
        if (_buffer.Length < room)
        {
            _buffer = new byte[room];
        }

        var at = ChunkRoom;
        foreach (var line in lines)
        {
            at += EventLine.Write(_buffer.AsSpan(at), line, Shared.RunId, Shared.HasKeys);
            _buffer[at++] = (byte)'\n';
        }

        var size = Encoding.ASCII.GetBytes($"{at - ChunkRoom:X}\r\n");
        size.CopyTo(_buffer.AsSpan(ChunkRoom - size.Length));
        "\r\n"u8.CopyTo(_buffer.AsSpan(at));
        return _buffer.AsMemory(ChunkRoom - size.Length, at + 2 - ChunkRoom + size.Length);
    }
}
