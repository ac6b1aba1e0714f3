using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Documentation;

/// <summary>A Markdown file of the repository.</summary>
/// <param name="Path">Where it is, relative to the root.</param>
internal sealed partial record Document(string Path)
{
    private const string Fence = "```";

    /// <summary>What strangers read: the README, the pages of <c>docs/</c>, and those beside what they are about.</summary>
    public static IEnumerable<Document> All
        => new[] { "", "docs", "docs/decisions", "bench", "bench/peers", "deploy", "clients/python", "src/web/client" }
            .Select(Repository.PathOf)
            .Where(Directory.Exists)
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.md"))
            .Select(static file => new Document(System.IO.Path.GetRelativePath(Repository.PathOf(string.Empty), file)));

    public string Text { get; } = File.ReadAllText(Repository.PathOf(Path));

    /// <summary>Its fenced blocks: the language, where their source is said to be, and their lines.</summary>
    public IEnumerable<Snippet> Snippets
    {
        get
        {
            var lines = Text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
                {
                    continue;
                }

                var end = Array.FindIndex(lines, i + 1, static line => line.StartsWith(Fence, StringComparison.Ordinal));
                var source = SourceComment().Match(i == 0 ? string.Empty : lines[i - 1]);
                yield return new Snippet(
                    this, i + 1, lines[i][Fence.Length..].Trim(), source.Success ? source.Groups["path"].Value : null, lines[(i + 1)..end]);
                i = end;
            }
        }
    }

    /// <summary>The commands of its indented blocks that begin like this, with their continued lines in one.</summary>
    public IEnumerable<string> Commands(string start)
        => Continuation().Replace(Text, " ").Split('\n')
            .Where(static line => line.StartsWith("    ", StringComparison.Ordinal))
            .Select(static line => line.Trim())
            .Where(line => line.StartsWith(start, StringComparison.Ordinal));

    public override string ToString() => Path;

    [GeneratedRegex("^<!-- snippet: (?<path>[^ ]+) -->$")]
    private static partial Regex SourceComment();

    [GeneratedRegex("\\\\\n *")]
    private static partial Regex Continuation();
}
