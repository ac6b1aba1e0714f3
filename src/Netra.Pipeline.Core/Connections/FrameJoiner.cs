using System.Buffers;
using System.Buffers.Text;
using Netra.Pipeline.Events;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Makes one frame of pieces of text that follow each other (docs/protocol.md, section 3.3). It holds one frame, or several that are
/// joined, until they are taken. Not thread-safe: the connection's writer alone uses it.
/// </summary>
/// <remarks>
/// Text is copied as it was escaped: what can be joined is told by bytes that are equal, and an escaped character never stands across two
/// events, since text that is not Unicode is refused where it is emitted or published. The owner's tag of each frame has been checked.
/// </remarks>
/// <param name="window">Lets the text of a connection that keeps up wait for more of it; null where it does not.</param>
internal sealed class FrameJoiner(TokenWindow? window)
{
    /// <summary>The most text that a joined frame carries, as encoded, and the most events that it stands for.</summary>
    public const int MaxTextBytes = 64 * 1024;

    private const int FirstCapacity = 1024;
    private const int OpeningLength = 12;
    private const int MaxOpening = 32;

    private SendFrame _first;
    private SendFrame _last;
    private SendFrame _aside;
    private DeltaLayout _layout;
    private Range _timestamp;
    private byte[] _text = [];
    private int _textLength;
    private bool? _isDelta;

    /// <summary>How many events it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Whether what it holds is a piece of text, and not a frame that nothing can be joined to.</summary>
    public bool IsDelta => Count > 0 && (_isDelta ??= ReadFirst());

    /// <summary>Whether a frame stands aside, or has waited for as long as it may.</summary>
    public bool HasWork => _aside.Buffer is not null || (Count > 0 && window is { IsOver: true });

    /// <summary>Whether what it holds waits for more: it is live, and the window is not over.</summary>
    public bool MayWait() => window is not null && !window.TakeOver() && _first.AcceptedAt != 0 && window.Begin();

    /// <summary>Keeps a frame that could not be joined until what stands before it is taken.</summary>
    public void SetAside(in SendFrame frame) => _aside = frame;

    /// <summary>Takes back the frame that stands aside, if there is one.</summary>
    public bool TryTakeAside(out SendFrame frame)
    {
        frame = _aside;
        _aside = default;
        return frame.Buffer is not null;
    }

    /// <summary>Takes a frame with an event, if it holds none, or if the event goes on where the last one ended.</summary>
    public bool TryAdd(in SendFrame frame)
    {
        if (frame.Kind != SendFrameKind.Event)
        {
            return false;
        }

        if (Count == 0)
        {
            // A window that has ended with nothing to wait for says nothing about this one.
            window?.TakeOver();
            (_first, _last, _isDelta, Count) = (frame, frame, null, 1);
            return true;
        }

        // Replayed events have no time of acceptance: they are not joined to live ones, so that one of the two says how old all are.
        if (frame.Seq != _last.Seq + 1 || Count == MaxTextBytes || (frame.AcceptedAt == 0) != (_first.AcceptedAt == 0) || !IsDelta)
        {
            return false;
        }

        var json = frame.Payload.Span;
        if (!DeltaLayout.TryReadNext(
            json, EventDraft.HeadLengthAt(frame.Seq), _first.Payload.Span, _layout, out var timestamp, out var text))
        {
            return false;
        }

        var before = Count == 1 ? _first.Payload.Span[_layout.Text] : [];
        if (_textLength + before.Length + json[text].Length > MaxTextBytes)
        {
            return false;
        }

        Append(before);
        Append(json[text]);
        (_last, _timestamp) = (frame, timestamp);
        Count++;
        return true;
    }

    /// <summary>What it holds: the frame as it was, or one that stands for several.</summary>
    public SendFrame Take()
    {
        var frame = Count == 1 ? _first : Joined();
        if (_text.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_text);
        }

        (_first, _last, _text, _textLength, Count) = (default, default, [], 0, 0);
        return frame;
    }

    private bool ReadFirst() => DeltaLayout.TryRead(_first.Payload.Span, EventDraft.HeadLengthAt(_first.Seq), out _layout);

    private void Append(ReadOnlySpan<byte> text)
    {
        if (_textLength + text.Length > _text.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstCapacity, Math.Max(_text.Length * 2, _textLength + text.Length)));
            _text.AsSpan(0, _textLength).CopyTo(larger);
            if (_text.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_text);
            }

            _text = larger;
        }

        text.CopyTo(_text.AsSpan(_textLength));
        _textLength += text.Length;
    }

    private SendFrame Joined()
    {
        var first = _first.Payload.Span;
        var last = _last.Payload.Span;
        Span<byte> opening = stackalloc byte[MaxOpening];
        "{\"from_seq\":"u8.CopyTo(opening);
        Utf8Formatter.TryFormat(_first.Seq, opening[OpeningLength..], out var digits);
        opening[OpeningLength + digits] = (byte)',';
        opening = opening[..(OpeningLength + digits + 1)];

        // Number and id are those of the last one.
        var head = last[1..EventDraft.HeadLengthAt(_last.Seq)];
        var shared = first[_layout.Key].Length + first[_layout.Opening].Length + first[_layout.Closing].Length;
        var buffer = GC.AllocateUninitializedArray<byte>(
            OwnerTag.Length + opening.Length + head.Length + shared + last[_timestamp].Length + _textLength + 1);
        OwnerTag.Write(buffer, OwnerTag.Read(_last.Buffer));
        var rest = buffer.AsSpan(OwnerTag.Length);
        Put(ref rest, opening);
        Put(ref rest, head);
        Put(ref rest, first[_layout.Key]);
        Put(ref rest, last[_timestamp]);
        Put(ref rest, first[_layout.Opening]);
        Put(ref rest, _text.AsSpan(0, _textLength));
        Put(ref rest, first[_layout.Closing]);
        Put(ref rest, "}"u8);
        return SendFrame.ForLiveEvent(_last.Seq, buffer, _first.AcceptedAt);
    }

    private static void Put(ref Span<byte> rest, scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }
}
