using System.Threading.Channels;

namespace Netra.Pipeline.Connections;

/// <summary>
/// What waits to be written to one connection: a bounded channel of frames, bounded by count and by bytes, and a bounded control lane that events cannot starve.
/// </summary>
/// <remarks>
/// Frames are enqueued under the stream's lock, so by one thread at a time, and taken by the connection's writer alone. Control messages come from any thread.
/// <see cref="Wake"/> schedules the writer, whoever calls it.
/// </remarks>
internal sealed class SendQueue
{
    private readonly Channel<SendFrame> _frames;
    private readonly Channel<byte[]> _control;
    private readonly Action _wake;
    private long _bytes;
    private int _controlCount;
    private volatile bool _pingRequested;

    public SendQueue(ConnectionOptions options, Action wake)
    {
        (FrameLimit, ByteLimit, _wake) = (options.QueueFrames, options.QueueBytes, wake);

        // Synchronous continuations would write from the emitter's thread, one system call per event.
        _frames = Channel.CreateBounded<SendFrame>(new BoundedChannelOptions(FrameLimit) { SingleReader = true, SingleWriter = true });
        _control = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(options.ControlMessages) { SingleReader = true });
    }

    public int FrameLimit { get; }

    public long ByteLimit { get; }

    public int Count => _frames.Reader.Count;

    public long Bytes => Interlocked.Read(ref _bytes);

    public bool IsEmpty => !_pingRequested && Volatile.Read(ref _controlCount) == 0 && _frames.Reader.Count == 0;

    public bool HasRoom(int bytes) => Count < FrameLimit && Bytes + bytes <= ByteLimit;

    /// <summary>Takes a frame if there is room for it.</summary>
    public bool TryEnqueue(in SendFrame frame)
    {
        // Counted before it can be taken, so that the count is never below what waits.
        var length = frame.Buffer.Length;
        if (Interlocked.Add(ref _bytes, length) <= ByteLimit && _frames.Writer.TryWrite(frame))
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -length);
        return false;
    }

    public bool TryDequeue(out SendFrame frame)
    {
        if (!_frames.Reader.TryRead(out frame))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -frame.Buffer.Length);
        return true;
    }

    /// <summary>Takes an unnumbered message if the control lane has room for it.</summary>
    public bool TryEnqueueControl(byte[] message)
    {
        if (!_control.Writer.TryWrite(message))
        {
            return false;
        }

        Interlocked.Increment(ref _controlCount);
        Wake();
        return true;
    }

    public bool TryDequeueControl([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out byte[] message)
    {
        // The writer looks here before every frame, and nearly always in vain: the look must not cost the channel's lock. A message that is not counted yet is followed by a wake.
        message = null;
        if (Volatile.Read(ref _controlCount) == 0 || !_control.Reader.TryRead(out message))
        {
            return false;
        }

        Interlocked.Decrement(ref _controlCount);
        return true;
    }

    /// <summary>Asks for a WebSocket ping before the next frame.</summary>
    public void RequestPing() => _pingRequested = true;

    public bool TryTakePing()
    {
        if (!_pingRequested)
        {
            return false;
        }

        _pingRequested = false;
        return true;
    }

    public void Wake() => _wake();
}
