using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>
/// One emission: encoding, number, log, window, fan-out. The queues are taken empty by the same thread every so many
/// events, as a writer would that finds a batch; nothing is written and no writer is scheduled. The baseline copies one
/// array and puts it into as many bare bounded channels.
/// </summary>
public class EmitBenchmarks
{
    // Enough for one iteration to last; the log holds all of them and is emptied before the next.
    private const int Events = 32_768;
    private const int Batch = 64;

    // From here on, a run's numbers have six digits, so that all of its events are equally long.
    private const int FirstEvents = 4 * Events;

    private byte[] _event = [];
    private Channel<byte[]>[] _channels = [];
    private StreamSubscription[] _subscriptions = [];
    private PipelineParts _parts = null!;
    private EventEmitter _emitter = null!;

    [Params(0, 1, 10)]
    public int Connections { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _parts = new PipelineParts();
        _emitter = await _parts.EmitterAsync();
        var stream = await _parts.StreamAsync();
        _subscriptions = [.. Enumerable.Range(0, Connections).Select(_ => _parts.Attach(stream))];
        for (var i = 0; i < FirstEvents / Events; i++)
        {
            await EmitToken();
        }

        var probe = _parts.Attach(stream);
        await _emitter.TokenAsync(" the next few words");
        probe.Queue.TryDequeue(out var frame);
        stream.Detach(probe);
        Drain();
        _event = frame.Buffer;
        var options = new BoundedChannelOptions(_parts.Connections.QueueFrames) { SingleReader = true, SingleWriter = true };
        _channels = [.. Enumerable.Range(0, Connections).Select(_ => Channel.CreateBounded<byte[]>(options))];
    }

    [IterationSetup]
    public void EmptyLog() => _parts.EmptyLogAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _emitter.DisposeAsync();
        await _parts.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public byte[] CopyToBareChannels()
    {
        var last = _event;
        for (var i = 0; i < Events; i++)
        {
            last = _event.AsSpan().ToArray();
            foreach (var channel in _channels)
            {
                channel.Writer.TryWrite(last);
            }

            if (i % Batch == Batch - 1)
            {
                foreach (var channel in _channels)
                {
                    while (channel.Reader.TryRead(out _))
                    {
                    }
                }
            }
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Events)]
    [HotPathStep(5, "emit to queue", "a whole emission, in-memory log", "an array copied, into bounded channels")]
    public async Task<EventReceipt> EmitToken()
    {
        var receipt = default(EventReceipt);
        for (var i = 0; i < Events; i++)
        {
            receipt = await _emitter.TokenAsync(" the next few words");
            if (i % Batch == Batch - 1)
            {
                Drain();
            }
        }

        return receipt;
    }

    private void Drain()
    {
        foreach (var subscription in _subscriptions)
        {
            while (subscription.Queue.TryDequeue(out _))
            {
            }
        }
    }
}
