using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The stream that a <see cref="System.Net.WebSockets.WebSocket"/> runs on: the transport's pipes, with corked writes.
/// </summary>
/// <remarks>
/// <para>The WebSocket writes from two sides: the connection's writer sends frames, and its reader answers pings on its own account. A <see cref="PipeWriter"/> allows
/// neither a write during a flush nor a second flush. So every write completes synchronously under a short lock; while a flush is pending, bytes go to a bounded side
/// buffer. Only the writer flushes (<see cref="FlushTransportAsync"/>); a flush that anyone else asks for is left to it.</para>
/// <para>One reader at a time. <see cref="Stream.Dispose()"/> does nothing: the WebSocket disposes its stream once both sides have closed, and would lose a corked close frame.</para>
/// </remarks>
internal sealed class TransportStream : Stream
{
    private const byte CloseFrame = 0x88;
    private const byte PongFrame = 0x8A;

    // How many times the side buffer may wait for a writer that comes late: that is not the peer's fault, but must not cost the process its memory either.
    private const int UnflushedPongs = 64;

    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly int _sideLimit;
    private readonly Action _onInbound;
    private readonly Action _wakeWriter;
    private readonly Lock _writeGate = new();
    private ArrayBufferWriter<byte>? _side;
    private bool _flushPending;
    private bool _dirty;
    private bool _closeWritten;
    private long _pongBytes;
    private volatile bool _corked;

    /// <param name="transport">The transport.</param>
    /// <param name="sideLimit">How many bytes may wait besides a pending flush.</param>
    /// <param name="onInbound">Told that bytes came.</param>
    /// <param name="wakeWriter">Schedules the writer, which flushes.</param>
    public TransportStream(IDuplexPipe transport, int sideLimit, Action onInbound, Action wakeWriter)
        => (_input, _output, _sideLimit, _onInbound, _wakeWriter) = (transport.Input, transport.Output, sideLimit, onInbound, wakeWriter);

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

    /// <summary>Whether the side buffer was exceeded: the peer floods the connection with pings.</summary>
    public bool IsFlooded { get; private set; }

    /// <summary>
    /// The status of the close frame that was written, whoever wrote it: on a violation of RFC 6455 the WebSocket does so itself, and its exception doesn't say which.
    /// </summary>
    public WebSocketCloseStatus? SentCloseStatus { get; private set; }

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
            if (buffer.IsEmpty || _closeWritten)
            {
                // The writer has said its last word and flushes no more: pongs would pile up until the peer's own close.
                return;
            }

            // What may wait for the writer's next flush, and besides a flush that is pending.
            if (_flushPending
                ? (_side?.WrittenCount ?? 0) + buffer.Length > _sideLimit
                : buffer[0] == PongFrame && (_pongBytes += buffer.Length) > (long)_sideLimit * UnflushedPongs)
            {
                IsFlooded = true;
                throw new SideBufferFullException(_sideLimit);
            }

            if (_flushPending)
            {
                (_side ??= new ArrayBufferWriter<byte>(1024)).Write(buffer);
            }
            else
            {
                _output.Write(buffer);
                _dirty = true;
            }

            if (buffer[0] == CloseFrame)
            {
                _closeWritten = true;
                SentCloseStatus = buffer.Length >= 4 ? (WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(buffer[2..]) : null;
            }
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

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads are supported.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => _input.TryRead(out var result) ? ValueTask.FromResult(Take(result, buffer.Span)) : ReadSlowAsync(buffer);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [SuppressMessage("Usage", "CA2215", Justification = "Deliberately empty: see the remarks of the class.")]
    protected override void Dispose(bool disposing)
    {
    }

    // The state machine of a parked read is what an idle connection costs; pooling lets busy ones share theirs.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadSlowAsync(Memory<byte> buffer)
        => Take(await _input.ReadAsync(CancellationToken.None), buffer.Span);

    private int Take(in ReadResult result, Span<byte> destination)
    {
        var available = result.Buffer;
        var taken = (int)Math.Min(available.Length, destination.Length);
        var consumed = available.Slice(0, taken);
        consumed.CopyTo(destination);
        _input.AdvanceTo(consumed.End);
        if (!available.IsEmpty)
        {
            _onInbound();
        }

        return taken;
    }

    private void EndFlush(bool gone)
    {
        lock (_writeGate)
        {
            _flushPending = false;
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
