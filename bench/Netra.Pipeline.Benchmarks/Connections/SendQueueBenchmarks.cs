using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>
/// A batch of frames through one connection's queue, as its writer takes them: a look for a ping and at the control lane before each. The
/// baseline is the same through a bare bounded channel.
/// </summary>
public class SendQueueBenchmarks
{
    private const int Frames = 64;

    private readonly byte[] _buffer = new byte[208];
    private Channel<SendFrame> _bare = null!;
    private SendQueue _queue = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var options = new ConnectionOptions();
        _queue = new SendQueue(options.QueueLimits, static () => { });
        _bare = Channel.CreateBounded<SendFrame>(
            new BoundedChannelOptions(options.QueueFrames) { SingleReader = true, SingleWriter = true });
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public long BareChannel()
    {
        for (var i = 1; i <= Frames; i++)
        {
            _bare.Writer.TryWrite(SendFrame.ForEvent(i, _buffer));
        }

        var sum = 0L;
        while (_bare.Reader.TryRead(out var frame))
        {
            sum += frame.Seq;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    [HotPathStep(6, "queue", "into a connection's queue and out", "into a bounded channel and out")]
    public long Queue()
    {
        for (var i = 1; i <= Frames; i++)
        {
            _queue.TryEnqueue(SendFrame.ForEvent(i, _buffer));
            _queue.Wake();
        }

        var sum = 0L;
        while (!_queue.TryTakePing() && !_queue.TryDequeueControl(out _) && _queue.TryDequeue(out var frame))
        {
            sum += frame.Seq;
        }

        return sum;
    }
}
