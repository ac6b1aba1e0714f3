namespace Netra.Pipeline.Publishing;

/// <summary>JSON without the white space between its tokens. Strings and numbers stay byte for byte as they were written.</summary>
internal static class CompactJson
{
    /// <summary>The same JSON, compact.</summary>
    /// <param name="json">Valid JSON.</param>
    /// <returns>What was given if it is compact already, as what programs send mostly is; otherwise a copy.</returns>
    public static ReadOnlyMemory<byte> From(ReadOnlyMemory<byte> json)
    {
        var length = Copy(json.Span, []);
        if (length == json.Length)
        {
            return json;
        }

        var compact = new byte[length];
        Copy(json.Span, compact);
        return compact;
    }

    // Counts only, when there is nowhere to copy to.
    private static int Copy(ReadOnlySpan<byte> json, Span<byte> destination)
    {
        var length = 0;
        while (!json.IsEmpty)
        {
            if (json[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                json = json[1..];
                continue;
            }

            var token = json[0] == (byte)'"' ? StringLength(json) : 1;
            if (!destination.IsEmpty)
            {
                json[..token].CopyTo(destination[length..]);
            }

            length += token;
            json = json[token..];
        }

        return length;
    }

    private static int StringLength(ReadOnlySpan<byte> json)
    {
        var length = 1;
        while (true)
        {
            length += json[length..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[length] == (byte)'"')
            {
                return length + 1;
            }

            // A backslash and what it escapes.
            length += 2;
        }
    }
}
