using System.Buffers;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Makes what a pipe's reader sees: everything that has come so far, in as many segments as there were pieces.</summary>
internal sealed class PieceByPiece
{
    private readonly List<byte[]> _pieces = [];

    public ReadOnlySequence<byte> Add(ReadOnlySpan<byte> piece)
    {
        _pieces.Add(piece.ToArray());
        Segment? first = null;
        Segment? last = null;
        foreach (var bytes in _pieces)
        {
            last = new Segment(bytes, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
