using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>
/// <c>read_file{path, heading?, from_line?, to_line?}</c> → <c>{path, heading?, from_line, to_line, total_lines, truncated, text}</c>.
/// Reads documents below the documents' root only. Safe for parallel calls.
/// </summary>
internal sealed class ReadFileTool(DocumentFolder folder) : ITool
{
    public const string ToolName = "read_file";

    // Well below the limit of an encoded event, since the result travels in one.
    private const int MaxCharacters = 32_768;

    public string Name => ToolName;

    public string Description =>
        "Reads a document: {\"path\":\"docs/protocol.md\"}, with \"heading\" one section of it, "
        + "with \"from_line\" and \"to_line\" those lines.";

    public async ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var arguments = invocation.Arguments;
        var heading = ToolArguments.OptionalText(arguments, "heading");
        var (path, lines) = await folder.ReadAsync(ToolArguments.Text(arguments, "path"), cancellationToken);
        var (from, to) = heading is null
            ? Lines(
                path,
                lines.Length,
                ToolArguments.OptionalNumber(arguments, "from_line"),
                ToolArguments.OptionalNumber(arguments, "to_line"))
            : Section(path, lines, heading);

        var (text, last) = Join(lines, from, to);
        var result = new JsonObject
        {
            ["path"] = path,
            ["from_line"] = from,
            ["to_line"] = last,
            ["total_lines"] = lines.Length,
            ["truncated"] = last < to,
            ["text"] = text,
        };
        if (heading is not null)
        {
            result["heading"] = heading;
        }

        return result;
    }

    private static (int From, int To) Lines(string path, int count, int? from, int? to)
    {
        var first = from ?? 1;
        var last = Math.Min(to ?? count, count);
        return first >= 1 && first <= Math.Max(last, 1)
            ? (first, last)
            : throw new ToolInputException($"{path} has {count} lines; lines {first} to {to ?? count} are not among them.");
    }

    private static (int From, int To) Section(string path, string[] lines, string heading)
    {
        var sections = MarkdownSections.Of(path, lines);
        var section = sections.FirstOrDefault(section => section.Heading.Equals(heading, StringComparison.OrdinalIgnoreCase))
            ?? throw new ToolInputException(
                $"{path} has no heading '{heading}'. It has: {string.Join("; ", sections.Select(section => section.Heading))}.");
        return (section.FirstLine, section.LastLine);
    }

    private static (string Text, int LastLine) Join(string[] lines, int from, int to)
    {
        var length = 0;
        var last = from - 1;
        while (last < to && (length += lines[last].Length + 1) <= MaxCharacters)
        {
            last++;
        }

        return (string.Join('\n', lines[(from - 1)..last]), last);
    }
}
