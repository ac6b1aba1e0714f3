using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.WebSockets;

/// <summary>The stream that a <see cref="System.Net.WebSockets.WebSocket"/> runs on: the transport's pipes, with corked writes.</summary>
/// <remarks>
/// <para>The WebSocket writes from two sides: the connection's writer sends frames, and its reader answers pings by itself. A
/// <see cref="PipeWriter"/> allows neither a write during a flush nor a second flush. So every write completes synchronously under a short
/// lock; while a flush is pending, bytes go to a side buffer. Only the writer flushes (<see cref="FlushTransportAsync"/>); a flush that any
/// other caller asks for is left to it.</para>
/// <para>A peer that pings faster than it reads its pongs is read no further (<see cref="IsHeld"/>), until the flush that waits for it is
/// done: so the side buffer is bounded, and a peer that reads is not cut.</para>
/// <para>A peer that sends more than its rate is read later, too: the bytes stay in the transport, which holds the peer up.</para>
/// <para>Close frames are written by the writer alone (<see cref="WriteClose"/>). What the WebSocket itself would close with is recorded
/// instead, or it could contradict the reason for which the connection has already ended.</para>
/// <para>One reader at a time. <see cref="Stream.Dispose()"/> does nothing: the WebSocket disposes its stream once both sides have closed,
/// and would lose a corked close frame.</para>
/// </remarks>
internal sealed class TransportStream : Stream
{
    private const byte CloseFrame = 0x88;
    private const byte PongFrame = 0x8A;

    // How many times its limit the side buffer may reach while the writer is late: that is not the peer's fault, but must not cost the
    // process its memory either.
    private const int UnflushedPongs = 64;

    // What a peer may still have on its way when it receives the close frame. A peer that sends more is not read any further.
    private const int DrainBytes = 16 * 1024;

    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly int _sideLimit;
    private readonly InboundMeter _inbound;
    private readonly Action _onInbound;
    private readonly Action _wakeWriter;
    private readonly Action<Limit> _onDelayed;
    private readonly Lock _writeGate = new();
    private ArrayBufferWriter<byte>? _side;
    private bool _flushPending;
    private bool _dirty;
    private bool _writingEnded;
    private long _pongBytes;
    private TaskCompletionSource? _room;
    private int _drained;
    private FrameCounter _frames;
    private volatile bool _corked;
    private volatile bool _held;
    private volatile bool _draining;

    /// <param name="transport">The transport.</param>
    /// <param name="sideLimit">How many bytes may wait besides a pending flush; then nothing more is read.</param>
    /// <param name="inbound">How much may be read.</param>
    /// <param name="onInbound">Called when bytes came.</param>
    /// <param name="wakeWriter">Schedules the writer, which flushes.</param>
    /// <param name="onDelayed">Called each time that reading waits for a moment, since the peer sends too much.</param>
    public TransportStream(
        IDuplexPipe transport, int sideLimit, InboundMeter inbound, Action onInbound, Action wakeWriter, Action<Limit> onDelayed)
    {
        (_input, _output, _sideLimit, _inbound) = (transport.Input, transport.Output, sideLimit, inbound);
        (_onInbound, _wakeWriter, _onDelayed) = (onInbound, wakeWriter, onDelayed);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether something is written that no flush has carried yet.</summary>
    public bool IsDirty
    {
        get
        {
            lock (_writeGate)
            {
                return _dirty;
            }
        }
    }

    /// <summary>Whether a flush waits for the peer to read.</summary>
    public bool IsFlushPending
    {
        get
        {
            lock (_writeGate)
            {
                return _flushPending;
            }
        }
    }

    /// <summary>Whether reading is paused, because the peer does not read its pongs.</summary>
    public bool IsHeld => _held;

    /// <summary>Whether the close frame is written.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>
    /// The status with which the WebSocket itself wanted to close: on a violation of RFC 6455, which its exception does not name.
    /// </summary>
    public WebSocketCloseStatus? RefusedStatus { get; private set; }

    /// <summary>Why a connection over it ends, after an exception of its reader or writer.</summary>
    public ConnectionEndReason ReasonOf(Exception exception) => RefusedStatus switch
    {
        WebSocketCloseStatus.InvalidPayloadData => ConnectionEndReason.InvalidPayload,
        WebSocketCloseStatus.ProtocolError => ConnectionEndReason.ProtocolError,
        _ => ConnectionFaults.ReasonOf(exception),
    };

    /// <summary>Holds flushes back until <see cref="FlushTransportAsync"/>. Called by the writer.</summary>
    public void Cork() => _corked = true;

    /// <summary>Hands everything written to the transport. Called by the writer, one at a time.</summary>
    /// <returns>Whether the transport is still there.</returns>
    public async ValueTask<bool> FlushTransportAsync()
    {
        _corked = false;
        do
        {
            lock (_writeGate)
            {
                _dirty = false;
                _flushPending = true;
                _pongBytes = 0;
                Release();
            }

            var gone = true;
            try
            {
                var flushed = await _output.FlushAsync(CancellationToken.None);
                gone = flushed.IsCompleted || flushed.IsCanceled;
            }
            finally
            {
                EndFlush(gone);
            }

            if (gone)
            {
                return false;
            }
        }
        while (IsDirty);

        return true;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_writeGate)
        {
            if (buffer.IsEmpty || _writingEnded)
            {
                // The writer has written its last frame and flushes no more: pongs would pile up until the peer's own close.
                return;
            }

            if (buffer[0] == CloseFrame)
            {
                RefusedStatus = buffer.Length >= 4 ? (WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(buffer[2..]) : null;
                return;
            }

            Append(buffer);
        }
    }

    /// <summary>Writes the close frame, the last one. Called by the writer.</summary>
    /// <param name="status">The status.</param>
    /// <param name="reason">The reason's name.</param>
    public void WriteClose(WebSocketCloseStatus status, string reason)
    {
        var frame = new byte[4 + reason.Length];
        (frame[0], frame[1]) = (CloseFrame, (byte)(2 + reason.Length));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)status);
        Encoding.ASCII.GetBytes(reason, frame.AsSpan(4));
        lock (_writeGate)
        {
            if (!_writingEnded)
            {
                Append(frame);
                (_writingEnded, HasClosed) = (true, true);
            }
        }
    }

    /// <summary>Nothing is written any more: a reader that waits for room may continue. Called by the writer.</summary>
    public void EndWriting()
    {
        lock (_writeGate)
        {
            _writingEnded = true;
            Release();
        }
    }

    /// <summary>The connection has ended: only a little more is read, to find the peer's close frame.</summary>
    public void BeginDraining() => _draining = true;

    /// <summary>
    /// Reads what the peer has on its way, a little and for a moment: closing a socket with unread bytes resets it, and the peer may never
    /// see the close frame. Called when nothing else reads any more.
    /// </summary>
    /// <param name="patience">For how long.</param>
    /// <param name="time">The clock.</param>
    public async Task LingerAsync(TimeSpan patience, TimeProvider time)
    {
        using var timeout = new CancellationTokenSource(patience, time);
        try
        {
            while (_drained < DrainBytes)
            {
                var result = await _input.ReadAsync(timeout.Token);
                _drained += (int)result.Buffer.Length;
                _input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, time, timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The time is over, or the peer is gone.
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
        if (!_corked)
        {
            _wakeWriter();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Flush();
        return Task.CompletedTask;
    }

    public override int Read(byte[] buffer, int offset, int count)
        => throw new NotSupportedException("Only asynchronous reads are supported.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => !_held && !_inbound.IsSpent && !_frames.IsBroken && _input.TryRead(out var result)
            ? ValueTask.FromResult(Take(result, buffer.Span))
            : ReadSlowAsync(buffer);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [SuppressMessage("Usage", "CA2215", Justification = "Deliberately empty: see the remarks of the class.")]
    protected override void Dispose(bool disposing)
    {
    }

    // The state machine of a parked read is what an idle connection costs; pooling lets busy ones share theirs.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadSlowAsync(Memory<byte> buffer)
    {
        while (_held)
        {
            await WhenRoomAsync();
        }

        while (!_draining && _inbound.Renew() is { } limit)
        {
            _onDelayed(limit);
            await _inbound.PauseAsync();
        }

        if (_frames.IsBroken && !_draining)
        {
            RefusedStatus = WebSocketCloseStatus.ProtocolError;
            throw new WebSocketException(WebSocketError.HeaderError, "A frame is not masked, or a control frame claims to be compressed.");
        }

        return Take(await _input.ReadAsync(CancellationToken.None), buffer.Span);
    }

    private Task WhenRoomAsync()
    {
        lock (_writeGate)
        {
            return _held
                ? (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    private int Take(in ReadResult result, Span<byte> destination)
    {
        var available = result.Buffer;
        if (_draining && (_drained += (int)Math.Min(available.Length, destination.Length)) > DrainBytes)
        {
            // The reader takes it for the end, which it is.
            _input.AdvanceTo(available.Start);
            return 0;
        }

        var taken = (int)Math.Min(available.Length, destination.Length);
        var consumed = available.Slice(0, taken);
        consumed.CopyTo(destination);
        _input.AdvanceTo(consumed.End);
        _inbound.Count(_frames.Count(destination[..taken]), taken);
        if (!available.IsEmpty)
        {
            _onInbound();
        }

        return taken;
    }

    private void Append(ReadOnlySpan<byte> frame)
    {
        if (_flushPending)
        {
            (_side ??= new ArrayBufferWriter<byte>(1024)).Write(frame);
            _held = _side.WrittenCount >= _sideLimit;
            return;
        }

        _output.Write(frame);
        _dirty = true;
        if (frame[0] == PongFrame)
        {
            _pongBytes += frame.Length;
            _held = _pongBytes >= (long)_sideLimit * UnflushedPongs;
        }
    }

    private void Release()
    {
        _held = false;
        _room?.TrySetResult();
        _room = null;
    }

    private void EndFlush(bool gone)
    {
        lock (_writeGate)
        {
            _flushPending = false;
            Release();
            if (_side is { WrittenCount: > 0 } side)
            {
                if (!gone)
                {
                    _output.Write(side.WrittenSpan);
                    _dirty = true;
                }

                side.ResetWrittenCount();
            }
        }
    }
}
