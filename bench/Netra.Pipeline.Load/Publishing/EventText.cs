using System.Buffers.Text;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>
/// The text of an event: whose it is, its place among the user's, and when it was due: <c>load-3f2a-17 n=42 xxxxxxxx ts=123456789</c>. A
/// page reads all of it back, so that what comes can be compared with what was published.
/// </summary>
internal static class EventText
{
    /// <summary>The characters of a text.</summary>
    public const int Length = 80;

    private static ReadOnlySpan<byte> TimeMark => " ts="u8;

    private static ReadOnlySpan<byte> PlaceMark => " n="u8;

    /// <summary>Writes a text.</summary>
    /// <param name="target">Where to; <see cref="Length"/> bytes are written.</param>
    /// <param name="userId">Whose event it is: at most 32 bytes.</param>
    /// <param name="place">Its place.</param>
    /// <param name="due">When it is due, in nanoseconds of the monotonic clock.</param>
    public static void Write(Span<byte> target, ReadOnlySpan<byte> userId, long place, long due)
    {
        target = target[..Length];
        target.Fill((byte)'x');
        userId.CopyTo(target);
        PlaceMark.CopyTo(target[userId.Length..]);
        var at = userId.Length + PlaceMark.Length;
        Utf8Formatter.TryFormat(place, target[at..], out var written);
        target[at + written] = (byte)' ';
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(due, digits, out written);
        digits[..written].CopyTo(target[^written..]);
        TimeMark.CopyTo(target[^(written + TimeMark.Length)..]);
    }

    /// <summary>When an event was due, or sent; 0 when its text does not say.</summary>
    public static long ReadTime(ReadOnlySpan<byte> message)
        => message.LastIndexOf(TimeMark) is >= 0 and var at && Utf8Parser.TryParse(message[(at + TimeMark.Length)..], out long time, out _)
            ? time
            : 0;

    /// <summary>An event's place; -1 when it is not an event of this user.</summary>
    public static long ReadPlace(ReadOnlySpan<byte> message, ReadOnlySpan<byte> userId)
    {
        var at = message.IndexOf(userId);
        if (at < 0)
        {
            return -1;
        }

        var rest = message[(at + userId.Length)..];
        return rest.StartsWith(PlaceMark) && Utf8Parser.TryParse(rest[PlaceMark.Length..], out long place, out _) ? place : -1;
    }
}
