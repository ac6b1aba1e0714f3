namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>Cuts a Markdown document into its sections. A pure function.</summary>
internal static class MarkdownSections
{
    public static IReadOnlyList<DocSection> Of(string path, IReadOnlyList<string> lines)
    {
        var headings = HeadingsOf(lines);
        var sections = new List<DocSection>();
        var firstHeading = headings.Count == 0 ? lines.Count : headings[0].Line;
        if (Text(lines, 0, firstHeading) is { Length: > 0 } before)
        {
            sections.Add(new DocSection(path, path, 1, firstHeading, before));
        }

        for (var at = 0; at < headings.Count; at++)
        {
            var (line, level, title) = headings[at];
            var ownEnd = at + 1 < headings.Count ? headings[at + 1].Line : lines.Count;
            // Whoever reads a section wants what is under its subheadings too; a title alone says little.
            var next = headings.FindIndex(at + 1, other => other.Level <= level);
            sections.Add(
                new DocSection(path, title, line + 1, next < 0 ? lines.Count : headings[next].Line, Text(lines, line + 1, ownEnd)));
        }

        return sections;
    }

    private static List<(int Line, int Level, string Title)> HeadingsOf(IReadOnlyList<string> lines)
    {
        var headings = new List<(int, int, string)>();
        var inFence = false;
        for (var at = 0; at < lines.Count; at++)
        {
            var line = lines[at];
            // A '#' inside a fence is a comment of some shell, not a heading.
            inFence ^= line.StartsWith("```", StringComparison.Ordinal);
            var level = line.AsSpan().IndexOfAnyExcept('#');
            if (!inFence && level is > 0 and <= 6 && line[level] == ' ')
            {
                headings.Add((at, level, line[level..].Trim().TrimEnd('#').TrimEnd()));
            }
        }

        return headings;
    }

    private static string Text(IReadOnlyList<string> lines, int from, int to) => string.Join('\n', lines.Skip(from).Take(to - from)).Trim();
}
