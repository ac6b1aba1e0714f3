using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>
/// One batch of a connection's writer: 64 text frames of 200 bytes, corked, one flush, into a pipe whose reader throws them away. The
/// baseline writes the same bytes, framed beforehand, straight into such a pipe. What a flush costs the kernel is in neither.
/// </summary>
public class FrameWriteBenchmarks
{
    private const int Frames = 64;
    private const int PayloadBytes = 200;

    private readonly byte[] _payload = new byte[PayloadBytes];
    private readonly byte[] _frame = new byte[PayloadBytes + 4];
    private readonly Pipe _bare = new();
    private readonly Pipe _outbound = new();
    private readonly Pipe _inbound = new();
    private TransportStream _transport = null!;
    private WebSocket _socket = null!;

    [GlobalSetup]
    public void SetUp()
    {
        Array.Fill(_payload, (byte)'x');

        // FIN and text, 16-bit length: what the WebSocket writes for more than 125 bytes.
        byte[] header = [0x81, 126, 0, PayloadBytes];
        header.CopyTo(_frame, 0);
        _payload.CopyTo(_frame, header.Length);
        _transport = new TransportStream(
            new DuplexPipe(_inbound.Reader, _outbound.Writer),
            sideLimit: 16 * 1024,
            Inbound.Meter(),
            static () => { },
            static () => { },
            static _ => { });
        _socket = WebSocket.CreateFromStream(
            _transport, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public async ValueTask<long> PrebuiltFramesIntoBarePipe()
    {
        for (var i = 0; i < Frames; i++)
        {
            _bare.Writer.Write(_frame);
        }

        await _bare.Writer.FlushAsync();
        return Discard(_bare.Reader);
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    [HotPathStep(7, "frame", "a WebSocket frame into a pipe, 64 a flush", "prebuilt frames into a pipe, 64 a flush")]
    public async ValueTask<long> WebSocketOverCorkedStream()
    {
        _transport.Cork();
        for (var i = 0; i < Frames; i++)
        {
            await _socket.SendAsync(
                _payload.AsMemory(), WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);
        }

        await _transport.FlushTransportAsync();
        return Discard(_outbound.Reader);
    }

    private static long Discard(PipeReader reader)
    {
        reader.TryRead(out var result);
        var length = result.Buffer.Length;
        reader.AdvanceTo(result.Buffer.End);
        return length;
    }
}
