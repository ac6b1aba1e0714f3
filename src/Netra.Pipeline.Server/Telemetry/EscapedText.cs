using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Text that cannot be taken for anything but itself: what would begin a line, move a terminal's cursor, change its colours or turn the
/// direction of reading is written as an escape sequence. Stateless.
/// </summary>
internal static class EscapedText
{
    public static StringBuilder AppendEscaped(this StringBuilder to, ReadOnlySpan<char> text)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (IsDangerous(text[i]))
            {
                to.Append(text[written..i]);
                _ = text[i] switch
                {
                    '\n' => to.Append("\\n"),
                    '\r' => to.Append("\\r"),
                    '\t' => to.Append("\\t"),
                    _ => to.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}"),
                };
                written = i + 1;
            }
        }

        return to.Append(text[written..]);
    }

    // C0 and C1 controls, the separators of lines and paragraphs, and whatever turns the direction.
    private static bool IsDangerous(char character)
        => char.IsControl(character) || character is '\u2028' or '\u2029' or '\u061c' or '\u200e' or '\u200f'
            or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
