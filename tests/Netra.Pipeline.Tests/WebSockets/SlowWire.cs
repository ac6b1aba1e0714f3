using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// A stream over pipes in memory, whose other end takes bytes only when asked to: above the threshold, a flush is pending until it does.
/// </summary>
internal sealed class SlowWire
{
    public const int Threshold = 4096;

    private readonly Pipe _input = new();
    private readonly Pipe _output = new(
        new PipeOptions(pauseWriterThreshold: Threshold, resumeWriterThreshold: Threshold / 2, useSynchronizationContext: false));
    private int _wakes;
    private int _inbound;

    public SlowWire(int sideLimit, InboundBudget? budget = null)
        => Stream = new TransportStream(
            new MemoryTransport(_input.Reader, _output.Writer),
            sideLimit,
            new InboundMeter(budget ?? new InboundBudget(Options.Create(new PeerLimitOptions()), new ServedTime(TimeProvider.System))),
            () => Interlocked.Increment(ref _inbound),
            () => Interlocked.Increment(ref _wakes),
            Delays.Enqueue);

    public TransportStream Stream { get; }

    public ConcurrentQueue<Limit> Delays { get; } = new();

    public PipeWriter Input => _input.Writer;

    public int Wakes => Volatile.Read(ref _wakes);

    public int Inbound => Volatile.Read(ref _inbound);

    /// <summary>Takes what has been flushed, up to a limit, without waiting.</summary>
    public string TryTake(int limit = int.MaxValue)
    {
        if (!_output.Reader.TryRead(out var result))
        {
            return string.Empty;
        }

        var taken = result.Buffer.Slice(0, Math.Min(limit, result.Buffer.Length));
        var text = Encoding.Latin1.GetString(taken.ToArray());
        _output.Reader.AdvanceTo(taken.End);
        return text;
    }

    /// <summary>The peer goes away.</summary>
    public void Cut() => _output.Reader.Complete();
}
