using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>
/// What waits to be written to one connection: a queue of frames, bounded by count and by bytes, and lanes that events cannot starve: for
/// pings, of which one waits at most, for answers to the client, bounded, and for errors, which merge instead of becoming too many. The
/// bytes of frames count in a budget that all connections share, without the first block: a page that reads costs it nothing.
/// </summary>
/// <remarks>
/// Frames are enqueued, and taken back, under the stream's lock, so by one thread at a time, and dequeued by the connection's writer alone.
/// Answers, errors and pings come from any thread. <see cref="Wake"/> schedules the writer, from any thread.
/// </remarks>
internal sealed class SendQueue
{
    private const long NoPing = -1;

    // Whoever can wait does so before the queue is full: what stands in a long queue is late for no gain, since a few batches keep the
    // writer busy. The rest is for those who cannot wait.
    private const int WaitingShare = 4;
    private const int LeastFramesOfWaiting = 64;

    // The budget is told in steps of this size, so that frames that come and go do not contend for one counter.
    private const long Block = 16 * 1024;

    private readonly FrameRing _frames;
    private readonly Channel<byte[]> _control;
    private readonly Action _wake;
    private readonly int _controlLimit;
    private readonly int _waitingLimit;
    private readonly BufferBudget? _budget;
    private ErrorLane? _errors;
    private TaskCompletionSource? _answerRoom;
    private long _bytes;
    private long _charged = Block;
    private long _pagePing = NoPing;
    private int _controlCount;
    private volatile bool _pingRequested;
    private volatile bool _isClosed;

    /// <param name="limits">Its limits.</param>
    /// <param name="wake">Schedules the writer.</param>
    /// <param name="budget">What all connections may hold together; null where there is no such limit.</param>
    public SendQueue(in SendQueueLimits limits, Action wake, BufferBudget? budget = null)
    {
        (FrameLimit, ByteLimit, _controlLimit) = (limits.Frames, limits.Bytes, limits.ControlMessages);
        (_wake, _budget) = (wake, budget);
        _waitingLimit = Math.Min(FrameLimit, Math.Max(LeastFramesOfWaiting, FrameLimit / WaitingShare));
        _frames = new FrameRing(FrameLimit);
        _control = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(limits.ControlMessages) { SingleReader = true });
    }

    public int FrameLimit { get; }

    public long ByteLimit { get; }

    public int Count => _frames.Count;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The bytes that the budget counts for this queue.</summary>
    public long ChargedBytes => Volatile.Read(ref _charged) - Block;

    public bool IsEmpty => !_pingRequested && Volatile.Read(ref _controlCount) == 0 && !HasPagePing && !HasErrors && _frames.Count == 0;

    // Half of the lane: requests after that wait, so that the rest is there for the answers to earlier ones.
    private bool HasAnswerRoom => _isClosed || Volatile.Read(ref _controlCount) < _controlLimit / 2;

    private bool HasPagePing => Volatile.Read(ref _pagePing) != NoPing;

    private bool HasErrors => Volatile.Read(ref _errors) is { IsEmpty: false };

    /// <summary>Whether there is room for the event of an emitter that can wait.</summary>
    public bool HasRoom(int bytes) => Count < _waitingLimit && Bytes + bytes <= ByteLimit;

    /// <summary>Takes a frame if there is room for it.</summary>
    public bool TryEnqueue(in SendFrame frame)
    {
        // Counted before it can be dequeued, so that the count is never below what waits.
        var length = frame.Buffer.Length;
        var bytes = Interlocked.Add(ref _bytes, length);
        if (bytes <= ByteLimit && _frames.TryAdd(frame))
        {
            ChargeIfOff(bytes);
            return true;
        }

        // The writer may have taken it into account meanwhile.
        ChargeIfOff(Interlocked.Add(ref _bytes, -length));
        return false;
    }

    public bool TryDequeue(out SendFrame frame)
    {
        if (!_frames.TryTake(out frame))
        {
            return false;
        }

        ChargeIfOff(Interlocked.Add(ref _bytes, -frame.Buffer.Length));
        return true;
    }

    /// <summary>Takes back the waiting events.</summary>
    /// <returns>The number of the first one; 0 when there is none.</returns>
    public long TakeBackEvents()
    {
        var (first, bytes) = _frames.TakeBackEvents();
        Charge(Interlocked.Add(ref _bytes, -bytes));
        return first;
    }

    /// <summary>Drops all frames: nothing is enqueued or written any more.</summary>
    public void Discard()
    {
        _frames.Clear();
        Interlocked.Exchange(ref _bytes, 0);
        Charge(0);
    }

    /// <summary>Takes an answer to the client, if the control lane has room for it.</summary>
    public bool TryEnqueueControl(byte[] message) => TryEnqueueControl(message, _controlLimit);

    /// <summary>
    /// Takes a message that no client message asked for, where there is room beside the answers that may come: it costs none its place.
    /// </summary>
    public bool TryEnqueueNotice(byte[] message) => TryEnqueueControl(message, _controlLimit / 2);

    /// <summary>
    /// Takes an answer, and waits until there is room for it. Only a client that sends more than it reads gets an answer late: there is no
    /// other way to slow it down.
    /// </summary>
    public async ValueTask EnqueueControlAsync(byte[] message)
    {
        while (!TryEnqueueControl(message, _controlLimit / 2) && !_isClosed)
        {
            await WhenAnswersHaveRoom();
        }
    }

    /// <summary>Completes when there is room for the answer to the next client message, or when nothing will be written any more.</summary>
    public ValueTask WhenAnswersHaveRoom() => HasAnswerRoom ? ValueTask.CompletedTask : new ValueTask(WaitForAnswerRoom());

    /// <summary>Takes an error: there is always room for it.</summary>
    public void EnqueueError(ErrorMessage message, long failures)
    {
        var errors = Volatile.Read(ref _errors);
        if (errors is null)
        {
            // Most connections never see one.
            var made = new ErrorLane();
            errors = Interlocked.CompareExchange(ref _errors, made, null) ?? made;
        }

        errors.Add(new WaitingError(message, failures));
        Wake();
    }

    public bool TryDequeueError([MaybeNullWhen(false)] out ErrorMessage message)
    {
        message = null;
        return HasErrors && _errors!.TryTake(out message);
    }

    /// <summary>Nothing will be written any more, and no caller is to wait for room.</summary>
    public void Close()
    {
        _isClosed = true;
        Interlocked.Exchange(ref _answerRoom, null)?.TrySetResult();
    }

    public bool TryDequeueControl([MaybeNullWhen(false)] out byte[] message)
    {
        // The writer looks here before every frame, and nearly always finds nothing: the look must not cost the channel's lock. A message
        // that is counted and not there yet is followed by a wake.
        message = null;
        if (Volatile.Read(ref _controlCount) == 0 || !_control.Reader.TryRead(out message))
        {
            return false;
        }

        Interlocked.Decrement(ref _controlCount);
        if (Volatile.Read(ref _answerRoom) is not null && HasAnswerRoom)
        {
            Interlocked.Exchange(ref _answerRoom, null)?.TrySetResult();
        }

        return true;
    }

    /// <summary>Asks for an application ping before the next frame: one that waits already says the same.</summary>
    /// <param name="ts">The ping's timestamp, from 0.</param>
    public void RequestPagePing(long ts) => Volatile.Write(ref _pagePing, ts);

    public bool TryTakePagePing(out long ts)
    {
        ts = NoPing;
        return HasPagePing && (ts = Interlocked.Exchange(ref _pagePing, NoPing)) != NoPing;
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

    private bool TryEnqueueControl(byte[] message, int limit)
    {
        // Counted before it is there, so that concurrent callers cannot exceed the lane's limit.
        if (Interlocked.Increment(ref _controlCount) > limit || !_control.Writer.TryWrite(message))
        {
            Interlocked.Decrement(ref _controlCount);
            return false;
        }

        Wake();
        return true;
    }

    private Task WaitForAnswerRoom()
    {
        // An exchange, for its fence: a thread that makes room looks here afterwards, and must not miss this waiter.
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = Interlocked.CompareExchange(ref _answerRoom, made, null) ?? made;
        if (HasAnswerRoom)
        {
            // Removed first: a later caller must not find one that has completed.
            Interlocked.CompareExchange(ref _answerRoom, null, waiting);
            waiting.TrySetResult();
        }

        return waiting.Task;
    }

    // A charge that is too low is off at once, one that is too high from two blocks on.
    private static bool IsOff(long bytes, long charged) => bytes > charged || bytes + (2 * Block) <= charged;

    private void ChargeIfOff(long bytes)
    {
        if (IsOff(bytes, Volatile.Read(ref _charged)))
        {
            Charge(bytes);
        }
    }

    // Called by enqueuing threads and by the writer, perhaps at the same time: each tells the budget the difference to the charge before,
    // so the differences add up to the last charge. The last one may come from an old sum, while the thread that changed the sum has found
    // the charge before this one good. So the sum is read again behind the exchange: either it shows the change, or the thread that made
    // the change sees this charge.
    private void Charge(long bytes)
    {
        long charged;
        do
        {
            charged = Math.Max(Block, (bytes + Block - 1) / Block * Block);
            var before = Interlocked.Exchange(ref _charged, charged);
            if (charged != before)
            {
                _budget?.Charge(charged - before);
            }

            bytes = Interlocked.Read(ref _bytes);
        }
        while (IsOff(bytes, charged));
    }
}

/// <summary>What may wait in one connection's queue.</summary>
/// <param name="Frames">How many frames.</param>
/// <param name="Bytes">How many bytes they may hold together.</param>
/// <param name="ControlMessages">How many answers to the client.</param>
internal readonly record struct SendQueueLimits(int Frames, long Bytes, int ControlMessages);
