using System.Buffers;

namespace Netra.Pipeline.Events;

/// <summary>
/// Where the parts of a piece of text lie in its encoded event, found without parsing JSON: only the layout in which this server encodes
/// events is recognised, with exactly the members that such an event has. What is laid out in another way is an event like any other.
/// </summary>
/// <param name="Key">From its type to the colon of its timestamp: equal for all events of one run and attempt with one type.</param>
/// <param name="Opening">From the comma behind its timestamp to the quote that opens its text.</param>
/// <param name="Text">Its text, escaped, without the quotes.</param>
/// <param name="Closing">From the quote that closes its text to the brace that closes <c>data</c>.</param>
internal readonly record struct DeltaLayout(Range Key, Range Opening, Range Text, Range Closing)
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789."u8);

    private static ReadOnlySpan<byte> TimestampName => ",\"timestamp\":"u8;

    private static ReadOnlySpan<byte> DeltaName => "\"delta\":\""u8;

    private static ReadOnlySpan<byte> ThoughtName => "\"thought_id\":\""u8;

    /// <summary>Looks whether an event is a piece of text.</summary>
    /// <param name="json">The event, without its owner tag.</param>
    /// <param name="head">The length of its head, up to its type.</param>
    /// <param name="layout">Where its parts lie.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, int head, out DeltaLayout layout)
    {
        layout = default;
        if (json.Length < head || !TryReadKey(json[head..], out var isThought, out var key))
        {
            return false;
        }

        var opening = head + key;
        opening += DigitsAt(json[opening..]);
        var text = opening + LengthOfOpening(json[opening..], isThought, out var hasThought);
        if (text == opening || LengthOfText(json[text..]) is not (>= 0 and var length))
        {
            return false;
        }

        var closing = LengthOfClosing(json[(text + length)..], needsThought: isThought && !hasThought);
        if (closing == 0 || !IsEnd(json[(text + length + closing)..]))
        {
            return false;
        }

        layout = new DeltaLayout(head..(head + key), opening..text, text..(text + length), (text + length)..(text + length + closing));
        return true;
    }

    /// <summary>
    /// Looks whether an event goes on where another one ended, apart from its number: the cheap way for all but the first.
    /// </summary>
    /// <param name="json">The event, without its owner tag.</param>
    /// <param name="head">The length of its head.</param>
    /// <param name="first">The other one.</param>
    /// <param name="firstLayout">Where its parts lie.</param>
    /// <param name="timestamp">Where the timestamp lies.</param>
    /// <param name="text">Where the text lies.</param>
    public static bool TryReadNext(
        ReadOnlySpan<byte> json,
        int head,
        ReadOnlySpan<byte> first,
        in DeltaLayout firstLayout,
        out Range timestamp,
        out Range text)
    {
        (timestamp, text) = (default, default);
        var key = first[firstLayout.Key];
        var opening = first[firstLayout.Opening];
        var closing = first[firstLayout.Closing];
        if (json.Length < head || !json[head..].StartsWith(key))
        {
            return false;
        }

        var from = head + key.Length;
        var to = from + DigitsAt(json[from..]);
        if (!json[to..].StartsWith(opening))
        {
            return false;
        }

        var begin = to + opening.Length;
        if (LengthOfText(json[begin..]) is not (>= 0 and var length)
            || !json[(begin + length)..].StartsWith(closing)
            || !IsEnd(json[(begin + length + closing.Length)..]))
        {
            return false;
        }

        (timestamp, text) = (from..to, begin..(begin + length));
        return true;
    }

    private static bool TryReadKey(ReadOnlySpan<byte> json, out bool isThought, out int length)
    {
        isThought = json.StartsWith("\"type\":\"thinking_delta\""u8);
        length = isThought ? 23 : 14;
        if (!isThought && !json.StartsWith("\"type\":\"token\""u8))
        {
            return false;
        }

        if (!TryPass(json, ",\"thread_id\":\""u8, ref length) || !TryPass(json, ",\"run_id\":\""u8, ref length))
        {
            return false;
        }

        if (json[length..].StartsWith(",\"attempt\":"u8))
        {
            length += 11;
            length += DigitsAt(json[length..]);
        }

        if (!json[length..].StartsWith(TimestampName))
        {
            return false;
        }

        length += TimestampName.Length;
        return true;
    }

    // Publishers write the members of a thought in either order.
    private static int LengthOfOpening(ReadOnlySpan<byte> json, bool isThought, out bool hasThought)
    {
        hasThought = false;
        var length = 9;
        if (!json.StartsWith(",\"data\":{"u8))
        {
            return 0;
        }

        if (isThought && TryPass(json, ThoughtName, ref length))
        {
            hasThought = true;
            if (!json[length..].StartsWith(","u8))
            {
                return 0;
            }

            length++;
        }

        return json[length..].StartsWith(DeltaName) ? length + DeltaName.Length : 0;
    }

    private static int LengthOfClosing(ReadOnlySpan<byte> json, bool needsThought)
    {
        var length = 1;
        if (needsThought)
        {
            if (!json[length..].StartsWith(","u8))
            {
                return 0;
            }

            length++;
            if (!TryPass(json, ThoughtName, ref length))
            {
                return 0;
            }
        }

        return json[length..].StartsWith("}"u8) ? length + 1 : 0;
    }

    // Behind the data there may be the trace context, and nothing else: no mark of a redelivery, or of a dead letter that is sent again.
    private static bool IsEnd(ReadOnlySpan<byte> json)
    {
        var length = 0;
        if (json.Length > 1 && TryPass(json, ",\"traceparent\":\""u8, ref length))
        {
            TryPass(json, ",\"tracestate\":\""u8, ref length);
        }

        return json[length..].SequenceEqual("}"u8);
    }

    // Passes over a member whose value is a string.
    private static bool TryPass(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, ref int position)
    {
        var rest = json[position..];
        if (!rest.StartsWith(name) || LengthOfText(rest[name.Length..]) is not (>= 0 and var length))
        {
            return false;
        }

        position += name.Length + length + 1;
        return true;
    }

    // Up to the quote that ends it; -1 where there is none.
    private static int LengthOfText(ReadOnlySpan<byte> json)
    {
        var length = 0;
        while (json[length..].IndexOfAny((byte)'"', (byte)'\\') is var at and >= 0)
        {
            length += at;
            if (json[length] == '"')
            {
                return length;
            }

            length += 2;
            if (length > json.Length)
            {
                break;
            }
        }

        return -1;
    }

    private static int DigitsAt(ReadOnlySpan<byte> json)
    {
        var length = json.IndexOfAnyExcept(Digits);
        return length < 0 ? json.Length : length;
    }
}
