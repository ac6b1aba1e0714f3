using System.Buffers.Text;
using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// A page that reads as fast as it can and acknowledges as the protocol asks it to: every 64 events, when a run has ended, and at the end.
/// </summary>
internal sealed class FigureClient : IDisposable
{
    private const int AckEvery = 64;
    private const int LatencyEvery = 10;

    // 64 KiB of joined text, and its envelope.
    private const int LargestMessage = 80 * 1024;
    private static readonly byte[] RunsEnd = "\"agent_completed\""u8.ToArray();
    private static readonly byte[] Delta = "\"delta\":\""u8.ToArray();
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[LargestMessage];

    /// <summary>Whether texts begin with the time at which they were said (see <c>FigureServer</c>).</summary>
    public bool SamplesLatency { get; init; }

    /// <summary>How long some of the events took.</summary>
    public List<TimeSpan> Latencies { get; } = [];

    public long Received { get; private set; }

    /// <summary>The bytes of all messages, with the headers of their WebSocket frames.</summary>
    public long Bytes { get; private set; }

    public long Frames { get; private set; }

    public long LastSeq { get; private set; }

    public async Task ConnectAsync(Uri address)
    {
        _socket.Options.Proxy = null;
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await _socket.ConnectAsync(address, CancellationToken.None);
    }

    /// <summary>Reads until so many events have come, and acknowledges them.</summary>
    public async Task ReadAsync(long events)
    {
        var acknowledged = LastSeq;
        while (Received < events)
        {
            var message = await ReceiveAsync();
            if (!TryReadNumbers(message.Span, out var from, out var seq))
            {
                continue;
            }

            (LastSeq, Received, Frames) = (seq, Received + seq - from + 1, Frames + 1);
            if (SamplesLatency && seq % LatencyEvery == 0 && message.Span.IndexOf(Delta) is > 0 and var at
                && Utf8Parser.TryParse(message.Span[(at + Delta.Length)..], out long said, out _))
            {
                Latencies.Add(TimeProvider.System.GetElapsedTime(said));
            }

            if (seq - acknowledged >= AckEvery || Received == events || message.Span.IndexOf(RunsEnd) >= 0)
            {
                acknowledged = seq;
                await _socket.SendAsync(
                    ClientMessageWriter.Ack(seq), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            }
        }
    }

    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

    public void Dispose() => _socket.Dispose();

    private static bool TryReadNumbers(ReadOnlySpan<byte> message, out long from, out long seq)
    {
        (from, seq) = (0, 0);
        var isJoined = message.StartsWith("{\"from_seq\":"u8);
        if (isJoined && Utf8Parser.TryParse(message[12..], out from, out var digits))
        {
            message = message[(12 + digits)..];
        }
        else if (!message.StartsWith("{\"seq\":"u8))
        {
            return false;
        }

        if (!Utf8Parser.TryParse(message[7..], out seq, out _))
        {
            throw new InvalidDataException("An event without a number came.");
        }

        from = isJoined ? from : seq;
        return true;
    }

    private async Task<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        var length = 0;
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                throw new InvalidOperationException($"The server closed: {_socket.CloseStatusDescription}");
            }

            length += received.Count;
            if (received.EndOfMessage)
            {
                Bytes += length + (length < 126 ? 2 : length <= ushort.MaxValue ? 4 : 10);
                return _buffer.AsMemory(0, length);
            }
        }
    }
}
