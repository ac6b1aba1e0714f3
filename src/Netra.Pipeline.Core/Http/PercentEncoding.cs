using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Netra.Pipeline.Http;

/// <summary>
/// Percent-encoding (RFC 3986, section 2.1), read strictly: frameworks leave what they cannot decode as it is, and so would turn a
/// malformed id into the id of a user that does not exist. Pure functions.
/// </summary>
internal static class PercentEncoding
{
    /// <summary>The problem of a request whose target is malformed.</summary>
    public const string Problem = "The request's target has a percent sign that begins no escape, or escapes that are no UTF-8.";

    /// <summary>Whether each percent sign begins an escape, and all of them together are UTF-8.</summary>
    public static bool IsValid(string text) => !text.Contains('%') || TryDecode(text, out _);

    /// <summary>Decodes text, once.</summary>
    /// <returns>False when it is malformed.</returns>
    public static bool TryDecode(string text, [NotNullWhen(true)] out string? decoded)
    {
        decoded = null;
        var bytes = new List<byte>(text.Length);
        Span<byte> encoded = stackalloc byte[4];
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    return false;
                }

                bytes.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 3;
            }
            else if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
                i += rune.Utf16SequenceLength;
            }
            else
            {
                return false;
            }
        }

        byte[] all = [.. bytes];
        decoded = Utf8.IsValid(all) ? Encoding.UTF8.GetString(all) : null;
        return decoded is not null;
    }
}
