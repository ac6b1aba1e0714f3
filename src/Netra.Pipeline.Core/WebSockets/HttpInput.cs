using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The transport of a connection that HTTP serves. It reports for which connections a request is awaited, so that silent ones can make room
/// for others; and it reports the transport's end only once everything before it has been read: Kestrel's HTTP takes a body for broken when
/// it sees its last bytes and the end of the transport together, so that a peer that ends its side after a whole request, as <c>nc -N</c>
/// does, would get no answer. When the host stops, the input can be ended from this side.
/// </summary>
/// <remarks>One reader at a time. Any thread may call <see cref="End"/>.</remarks>
internal sealed class HttpInput(ConnectionContext connection, ConnectionSlots slots) : PipeReader, IDuplexPipe
{
    private readonly IDuplexPipe _transport = connection.Transport;
    private readonly PipeReader _input = connection.Transport.Input;
    private ReadOnlySequence<byte> _buffer;
    private bool _isHeldBack;
    private bool _hasSeenAll;
    private volatile bool _isEnded;

    public PipeReader Input => this;

    public PipeWriter Output => _transport.Output;

    /// <summary>Nothing that comes later is read: HTTP answers no further request, and closes the connection after the last.</summary>
    public void End()
    {
        _isEnded = true;
        _input.CancelPendingRead();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _hasSeenAll = _buffer.Slice(examined).IsEmpty;
        _buffer = default;
        _input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => _input.CompleteAsync(exception);

    public override bool TryRead(out ReadResult result)
    {
        if (!_input.TryRead(out result))
        {
            return false;
        }

        result = Take(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result))
        {
            return ValueTask.FromResult(result);
        }

        if (_isEnded)
        {
            // No wait for bytes that would not be taken.
            _input.CancelPendingRead();
        }

        return TakeAsync(_input.ReadAsync(cancellationToken));
    }

    private async ValueTask<ReadResult> TakeAsync(ValueTask<ReadResult> reading)
    {
        if (reading.IsCompleted)
        {
            return Take(await reading);
        }

        slots.BeginWaiting(connection);
        try
        {
            return Take(await reading);
        }
        finally
        {
            slots.EndWaiting(connection);
        }
    }

    private ReadResult Take(in ReadResult result)
    {
        _buffer = result.Buffer;
        var isEnded = _isEnded;
        if (!result.IsCompleted && !isEnded)
        {
            return result;
        }

        var isTold = result.Buffer.IsEmpty || (_isHeldBack && _hasSeenAll);
        _isHeldBack = true;
        return new ReadResult(result.Buffer, result.IsCanceled && !isEnded, isTold);
    }
}
