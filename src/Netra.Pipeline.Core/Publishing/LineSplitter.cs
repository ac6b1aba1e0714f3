using System.Buffers;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Splits bytes into lines as they arrive. What has been searched for a line's end is not searched again, and of a line that is too long
/// nothing more is kept. Not thread-safe.
/// </summary>
internal sealed class LineSplitter(int maxBytes)
{
    private long _searched;
    private bool _skipping;

    /// <summary>Takes the next line off the buffer.</summary>
    /// <param name="buffer">What is not consumed yet: what the last call left, and what has arrived since.</param>
    /// <param name="isLast">Whether nothing will arrive any more, so that a last line needs no end.</param>
    /// <param name="line">The line without its end, when the result is a line; what is there of it, when it is too long.</param>
    public LineState TryRead(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        line = default;
        while (true)
        {
            if (buffer.Slice(_searched).PositionOf((byte)'\n') is not { } end)
            {
                return ReadUnfinished(ref buffer, isLast, ref line);
            }

            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            _searched = 0;
            if (!_skipping)
            {
                return line.Length > maxBytes ? LineState.TooLong : LineState.Complete;
            }

            // The rest of a line that was answered when it became too long.
            _skipping = false;
        }
    }

    private LineState ReadUnfinished(ref ReadOnlySequence<byte> buffer, bool isLast, ref ReadOnlySequence<byte> line)
    {
        var rest = buffer;
        if (_skipping || rest.IsEmpty)
        {
            buffer = buffer.Slice(buffer.End);
            return LineState.None;
        }

        if (rest.Length > maxBytes || isLast)
        {
            buffer = buffer.Slice(buffer.End);
            _searched = 0;
            _skipping = !isLast;
            line = rest;
            return rest.Length > maxBytes ? LineState.TooLong : LineState.Complete;
        }

        _searched = rest.Length;
        return LineState.None;
    }
}

/// <summary>What <see cref="LineSplitter"/> found.</summary>
internal enum LineState
{
    /// <summary>No whole line is there yet.</summary>
    None,

    /// <summary>A line.</summary>
    Complete,

    /// <summary>A line above the limit; the rest of it will be passed over.</summary>
    TooLong,
}
