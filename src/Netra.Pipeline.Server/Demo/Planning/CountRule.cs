using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>"Count slowly to 100". A pure function of the text that is left.</summary>
internal static partial class CountRule
{
    // At the default pace this is four minutes: longer than anyone watches, and still an end.
    private const int MaxCount = 1_000;

    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text) => text.Claim(Pattern()).Select(match =>
    {
        var fits = int.TryParse(match.Groups["to"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            && to <= MaxCount;
        var why = fits ? $"I am to count to {to}; no tool is needed." : $"I am to count further than {MaxCount}; I stop there.";
        return (match.Index, new PlanStep(StepKind.Count, new JsonObject { ["to"] = fits ? to : MaxCount }, why));
    });

    [GeneratedRegex(@"\bcount\s+(?:[a-z]+\s+){0,3}?to\s+(?<to>\d+)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
