namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>Cuts a Markdown document into its sections. A pure function.</summary>
internal static class MarkdownSections
{
    public static IReadOnlyList<DocSection> Of(string path, IReadOnlyList<string> lines)
    {
        var sections = new List<DocSection>();
        var heading = path;
        var start = 0;
        var inFence = false;
        for (var at = 0; at < lines.Count; at++)
        {
            var line = lines[at];
            // A '#' inside a fence is a comment of some shell, not a heading.
            inFence ^= line.StartsWith("```", StringComparison.Ordinal);
            if (inFence || HeadingOf(line) is not { } next)
            {
                continue;
            }

            Add(sections, path, heading, lines, start, at);
            heading = next;
            start = at;
        }

        Add(sections, path, heading, lines, start, lines.Count);
        return sections;
    }

    private static void Add(List<DocSection> sections, string path, string heading, IReadOnlyList<string> lines, int start, int end)
    {
        var hasHeading = start < end && HeadingOf(lines[start]) == heading;
        var body = string.Join('\n', lines.Skip(hasHeading ? start + 1 : start).Take(end - start)
            .Take(hasHeading ? end - start - 1 : end - start)).Trim();
        if (hasHeading || body.Length > 0)
        {
            sections.Add(new DocSection(path, heading, start + 1, end, body));
        }
    }

    private static string? HeadingOf(string line)
    {
        var level = line.AsSpan().IndexOfAnyExcept('#');
        return level is > 0 and <= 6 && line[level] == ' ' ? line[level..].Trim().TrimEnd('#').TrimEnd() : null;
    }
}
