using System.Buffers;
using System.Text.Json;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// JSON without the white space between its tokens, put together while a reader passes them. Strings and numbers stay byte for byte as
/// they were written; nothing is copied where there is no white space.
/// </summary>
/// <param name="utf8">What is read.</param>
/// <param name="start">Where in it the JSON begins.</param>
internal ref struct CompactJson(ReadOnlyMemory<byte> utf8, int start)
{
    private readonly ReadOnlySpan<byte> _utf8 = utf8.Span;
    private int _start = start;
    private int _end = start;
    private int _length;

    /// <summary>A rented array with what had to be copied; null where nothing had to be.</summary>
    public byte[]? Copy { get; private set; }

    /// <summary>Adds the token on which a reader stands.</summary>
    public void Add(in Utf8JsonReader json)
    {
        var token = (int)json.TokenStartIndex;
        Join(_end, token);
        _end = (int)json.BytesConsumed;
        if (json.TokenType == JsonTokenType.PropertyName)
        {
            // The reader has consumed the colon as well.
            Join(token + json.ValueSpan.Length + 2, _end);
        }
    }

    /// <summary>All that has been added: a slice of what is read, or of <see cref="Copy"/>.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        if (Copy is null)
        {
            return utf8[_start.._end];
        }

        Append(_end);
        return Copy.AsMemory(0, _length);
    }

    // Between two tokens there is at most one separator, and white space around it.
    private void Join(int from, int to)
    {
        var between = _utf8[from..to];
        if (between is [] or [(byte)',' or (byte)':'])
        {
            return;
        }

        var separator = between.IndexOfAny((byte)',', (byte)':');
        if (separator <= 0)
        {
            // Mostly a separator and then a space: the two stay together.
            Append(from + separator + 1);
            _start = to;
            return;
        }

        Append(from);
        _start = from + separator;
        Append(_start + 1);
        _start = to;
    }

    private void Append(int end)
    {
        Copy ??= ArrayPool<byte>.Shared.Rent(_utf8.Length - _start);
        _utf8[_start..end].CopyTo(Copy.AsSpan(_length));
        _length += end - _start;
    }
}
