namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>docs/operations.md, whose tables tests compare with the program.</summary>
internal static class OperationsDocument
{
    /// <summary>The rows of the table that begins with a header, as they are written.</summary>
    public static List<string> Rows(string header)
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        var start = Array.IndexOf(lines, header);
        Assert.That(start, Is.GreaterThan(0), $"the table '{header}' is there");
        return [.. lines.Skip(start + 2).TakeWhile(static line => line.StartsWith('|'))];
    }

    /// <summary>The cells of a row, without the marks of code.</summary>
    public static string[] Cells(string row)
        => [.. row.Split('|', StringSplitOptions.TrimEntries)[1..^1].Select(static cell => cell.Trim('`'))];

    /// <summary>Asserts that a table has exactly these rows, and prints them as they should be when it does not.</summary>
    public static void ShouldHave(string header, IReadOnlyList<string> rows)
    {
        var written = Rows(header);
        Assert.That(
            written, Is.EqualTo(rows), $"docs/operations.md should have:{Environment.NewLine}{string.Join(Environment.NewLine, rows)}");
    }

    /// <summary>The first block of code after a line, without its fences.</summary>
    public static string CodeAfter(string line)
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        var start = Array.IndexOf(lines, line);
        Assert.That(start, Is.GreaterThan(0), $"the line '{line}' is there");
        return string.Join(
            '\n',
            lines.Skip(start)
                .SkipWhile(static text => !text.StartsWith("```", StringComparison.Ordinal))
                .Skip(1)
                .TakeWhile(static text => text != "```"));
    }
}
