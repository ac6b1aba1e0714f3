using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>"Read docs/protocol.md", "show README.md lines 10-20". A pure function of the text that is left.</summary>
internal static partial class ReadRule
{
    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text) => text.Claim(Pattern()).Select(match =>
    {
        var path = match.Groups["path"].Value;
        var arguments = new JsonObject { ["path"] = path };
        Add(arguments, "from_line", match.Groups["from"]);
        Add(arguments, "to_line", match.Groups["to"].Success ? match.Groups["to"] : match.Groups["from"]);
        return (match.Index, new PlanStep(StepKind.Read, arguments, $"The question names the file {path}, so I read it."));
    });

    private static void Add(JsonObject arguments, string name, Group group)
    {
        if (group.Success && int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var line))
        {
            arguments[name] = line;
        }
    }

    // A path is recognized by its extension, so that "read about overflow" is not taken for one; a verb is not needed, since nobody names a
    // file in vain.
    [GeneratedRegex(
        @"(?:\b(?:read|open|show|cat)\s+(?:me\s+)?(?:the\s+)?(?:file\s+)?)?(?<path>[\w./\\~:-]*\.(?:md|txt|json|cs|ts))\b"
        + @"(?:,?\s*lines?\s+(?<from>\d+)(?:\s*(?:-|–|to)\s*(?<to>\d+))?)?",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
