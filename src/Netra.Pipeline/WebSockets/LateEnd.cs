using System.Buffers;
using System.IO.Pipelines;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// A transport whose end is told only once everything before it has been looked at. Kestrel's HTTP takes a body for broken when it sees its last bytes and the end of the transport together, so that a peer that
/// ends its side after a whole request, as <c>nc -N</c> does, would have no answer.
/// </summary>
/// <remarks>One reads at a time.</remarks>
internal sealed class LateEnd(IDuplexPipe transport) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _input = transport.Input;
    private ReadOnlySequence<byte> _buffer;
    private bool _isHeldBack;
    private bool _hasSeenAll;

    public PipeReader Input => this;

    public PipeWriter Output => transport.Output;

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
        => TryRead(out var result) ? ValueTask.FromResult(result) : TakeAsync(_input.ReadAsync(cancellationToken));

    private async ValueTask<ReadResult> TakeAsync(ValueTask<ReadResult> reading) => Take(await reading);

    private ReadResult Take(in ReadResult result)
    {
        _buffer = result.Buffer;
        if (!result.IsCompleted || result.Buffer.IsEmpty || (_isHeldBack && _hasSeenAll))
        {
            return result;
        }

        _isHeldBack = true;
        return new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false);
    }
}
