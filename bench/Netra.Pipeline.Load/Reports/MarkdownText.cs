using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Load.Reports;

/// <summary>Collects lines of Markdown; numbers as they are written everywhere.</summary>
internal sealed class MarkdownText
{
    private readonly StringBuilder _text = new();

    /// <summary>A number with so many digits after the point; a dash for none.</summary>
    public static string Number(double? value, int digits = 0)
        => value?.ToString($"N{digits}", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>Bytes as megabytes.</summary>
    public static string Megabytes(double? bytes) => Number(bytes / 1e6);

    /// <summary>Adds a line.</summary>
    public void Line(string line = "") => _text.Append(line).Append('\n');

    /// <summary>Adds a row of a table.</summary>
    public void Row(params ReadOnlySpan<string> cells) => Line($"| {string.Join(" | ", cells)} |");

    /// <summary>Adds the first two rows of a table: all columns but the first are numbers.</summary>
    public void Head(params ReadOnlySpan<string> names)
    {
        Row(names);
        Line($"|---|{string.Concat(Enumerable.Repeat("---:|", names.Length - 1))}");
    }

    public override string ToString() => _text.ToString();
}
