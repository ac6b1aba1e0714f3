using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>"What time is it in Europe/Berlin?", "the time in Tokyo and London". A pure function of the text that is left.</summary>
internal static partial class TimeRule
{
    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text) => text.Claim(Pattern()).SelectMany(Steps).ToList();

    private static IEnumerable<(int Position, PlanStep Step)> Steps(Match match)
    {
        if (!match.Groups["zone"].Success)
        {
            yield return (
                match.Index, new PlanStep(StepKind.Time, [], "The question asks for the time and names no zone, so I look it up in UTC."));
        }

        foreach (Capture zone in match.Groups["zone"].Captures)
        {
            var arguments = new JsonObject { ["zone"] = zone.Value };
            var why = $"The question asks for the time in {zone.Value}, so I look at the clock there.";
            yield return (zone.Index, new PlanStep(StepKind.Time, arguments, why));
        }
    }

    private const string Zone = @"(?<zone>[A-Z][\w/+-]*(?:\s[A-Z][\w/+-]*)*)";
    private const string Zones = Zone + @"(?:(?:,\s*|\s+and\s+|,\s+and\s+)(?:in\s+)?" + Zone + ")*";

    // Zones begin with a capital, as cities do: without that, "what time is it in general" would ask for a zone. Backtracking is needed for
    // the captures; every repetition begins with a literal, so a match takes time in proportion to the text.
    [GeneratedRegex(
        @"\b[Ww]hat(?:'s|\s+is)?\s+(?:the\s+)?(?:current\s+)?time\b(?:\s+is\s+it)?(?:\s+now)?(?:\s+(?:in|at)\s+" + Zones + ")?"
        + @"|\b[Tt]ime\s+in\s+" + Zones,
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Pattern();
}
