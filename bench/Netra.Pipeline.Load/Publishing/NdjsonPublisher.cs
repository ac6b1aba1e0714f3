using System.Net;
using System.Net.Security;
using System.Net.Sockets;
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
    private static readonly TimeSpan ReturnTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ReturnPause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Queue<(PublishedLine Line, long SentAt)> _unanswered = new();
    private byte[] _buffer = new byte[64 * 1024];
    private Stream? _stream;
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
        var now = MonotonicClock.Now;
        lock (_gate)
        {
            foreach (var line in lines)
            {
                _unanswered.Enqueue((line, now));
            }
        }

        if (_stream is null || _reading.IsCompleted)
        {
            await ReturnAsync(cancellationToken);
            return;
        }

        try
        {
            await _stream.WriteAsync(Chunk(lines), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            await ReturnAsync(cancellationToken);
        }
    }

    public override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_stream is null)
            {
                return;
            }

            try
            {
                await _stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);
                await _reading.WaitAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The reader has seen it too.
                await _reading.WaitAsync(cancellationToken);
            }

            var unanswered = Unanswered;
            if (unanswered == 0)
            {
                return;
            }

            if (!Shared.HasKeys)
            {
                Shared.Findings.Add(FindingKind.WrongReceipt, Name, $"{unanswered} events have no receipt", unanswered);
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

    // A new request; what was not answered goes first.
    private async Task ReturnAsync(CancellationToken cancellationToken)
    {
        var begun = MonotonicClock.Now;
        var isFirst = _stream is null;
        await DisposeAsync();
        Shared.Reconnects += isFirst ? 0 : 1;
        while (true)
        {
            try
            {
                await OpenAsync(cancellationToken);
                List<PublishedLine> again;
                lock (_gate)
                {
                    if (!isFirst && !Shared.HasKeys)
                    {
                        // Nobody knows what became of them: a second event must not be made.
                        _unanswered.Clear();
                    }

                    again = [.. _unanswered.Select(static pair => pair.Line)];
                }

                if (again.Count > 0)
                {
                    await _stream!.WriteAsync(Chunk(again), cancellationToken);
                }

                return;
            }
            catch (Exception exception)
                when (exception is IOException or ObjectDisposedException or SocketException or HandshakeRefusedException)
            {
                if (MonotonicClock.Since(begun) > ReturnTimeout)
                {
                    Shared.Findings.Add(FindingKind.Refused, Name, $"POST /v1/events: {exception.Message}");
                    throw new LoadFailedException($"{Name} cannot publish: {exception.Message}", exception);
                }

                await Task.Delay(ReturnPause, TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var url = Shared.Target.Url;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(url.Host, url.Port), cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (url.Scheme == Uri.UriSchemeHttps)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.Host }, cancellationToken);
            }

            var head = new StringBuilder("POST ").Append(url.AbsolutePath.TrimEnd('/')).Append("/v1/events HTTP/1.1\r\nHost: ")
                .Append(url.Authority).Append("\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n");
            if (Shared.Target.Token is { } token)
            {
                head.Append("Authorization: Bearer ").Append(token).Append("\r\n");
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), cancellationToken);
            var answer = new HttpAnswer(stream);
            await answer.ReadHeaderAsync(cancellationToken);
            if (answer.Status != 200)
            {
                var rest = await answer.ReadRestAsync(cancellationToken);
                throw new HandshakeRefusedException($"{answer.Status} {Encoding.UTF8.GetString(rest)}");
            }

            _stream = stream;
            _reading = Task.Run(() => ReadAsync(answer), CancellationToken.None);
        }
        catch
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            socket.Dispose();
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
        }
        catch (InvalidDataException exception)
        {
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

        (PublishedLine Line, long SentAt) answered;
        lock (_gate)
        {
            if (!_unanswered.TryDequeue(out answered))
            {
                Shared.Findings.Add(
                    FindingKind.WrongReceipt, Name, $"a receipt that no event is waiting for: {Encoding.UTF8.GetString(receipt)}");
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
