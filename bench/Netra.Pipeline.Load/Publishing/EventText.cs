using System.Buffers.Text;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>
/// The text of an event: whose it is, its place among the user's, and when it was due: <c>load-3f2a-17 n=42 xxxxxxxx ts=123456789</c>. A
/// page compares all of it with what was published.
/// </summary>
internal static class EventText
{
    /// <summary>The characters of a text.</summary>
    public const int Length = 80;

    private const int MaxDigits = 20;

    private static ReadOnlySpan<byte> TimeMark => " ts="u8;

    private static ReadOnlySpan<byte> PlaceMark => " n="u8;

    /// <summary>Writes a text.</summary>
    /// <param name="target">Where to; <see cref="Length"/> bytes are written.</param>
    /// <param name="name">Whose event it is: at most 32 bytes.</param>
    /// <param name="place">Its place.</param>
    /// <param name="due">When it is due, in nanoseconds of the monotonic clock.</param>
    public static void Write(Span<byte> target, ReadOnlySpan<byte> name, long place, long due)
    {
        target = target[..Length];
        target.Fill((byte)'x');
        name.CopyTo(target);
        PlaceMark.CopyTo(target[name.Length..]);
        var at = name.Length + PlaceMark.Length;
        Utf8Formatter.TryFormat(place, target[at..], out var written);
        target[at + written] = (byte)' ';
        Span<byte> digits = stackalloc byte[MaxDigits];
        Utf8Formatter.TryFormat(due, digits, out written);
        digits[..written].CopyTo(target[^written..]);
        TimeMark.CopyTo(target[^(written + TimeMark.Length)..]);
    }

    /// <summary>When an event was due, or sent; 0 when its text does not say.</summary>
    public static long ReadTime(ReadOnlySpan<byte> message)
        => message.LastIndexOf(TimeMark) is >= 0 and var at && Utf8Parser.TryParse(message[(at + TimeMark.Length)..], out long time, out _)
            ? time
            : 0;

    /// <summary>The name of the user of this run whose text a message has; empty when it has none.</summary>
    /// <param name="message">The message.</param>
    /// <param name="runName">The run, which the names of its users begin with.</param>
    public static ReadOnlySpan<byte> FindName(ReadOnlySpan<byte> message, ReadOnlySpan<byte> runName)
    {
        var mark = message.LastIndexOf(PlaceMark);
        var text = mark < 0 ? default : message[..mark];
        text = text[(text.LastIndexOf((byte)'"') + 1)..];
        return text.StartsWith(runName) && text[runName.Length..].StartsWith("-"u8) ? text : default;
    }

    /// <summary>Reads the text in a message, if it is one that was written for this user, to the last character.</summary>
    /// <param name="message">The message.</param>
    /// <param name="name">The user.</param>
    /// <param name="place">The event's place.</param>
    /// <param name="due">When it was due.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, out long place, out long due)
    {
        (place, due) = (0, 0);
        var mark = message.LastIndexOf(TimeMark);
        if (mark < 0 || !Utf8Parser.TryParse(message[(mark + TimeMark.Length)..], out due, out var digits))
        {
            return false;
        }

        var end = mark + TimeMark.Length + digits;
        if (end < Length)
        {
            return false;
        }

        var text = message[(end - Length)..end];
        if (!text.StartsWith(name)
            || !text[name.Length..].StartsWith(PlaceMark)
            || !Utf8Parser.TryParse(text[(name.Length + PlaceMark.Length)..], out place, out _)
            || place < 0
            || due < 0)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[Length];
        Write(expected, name, place, due);
        return text.SequenceEqual(expected) && message[end..].StartsWith("\""u8) && message[..(end - Length)].EndsWith("\""u8);
    }
}
