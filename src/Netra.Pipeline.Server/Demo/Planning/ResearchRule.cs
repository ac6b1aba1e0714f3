using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>
/// What no other rule has claimed is a question about this project, sentence by sentence. A pure function of the text that is left.
/// </summary>
internal static partial class ResearchRule
{
    // Words that frame the other rules' subjects ("calculate 2+3 and tell me…") and mean nothing on their own.
    private static readonly HashSet<string> Framing = new(StringComparer.OrdinalIgnoreCase)
    {
        "calculate", "compute", "evaluate", "result", "value", "equals", "equal", "time", "current", "clock", "count", "slowly", "read",
        "open", "file", "also", "s",
    };

    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text) =>
        Sentences().Matches(text.Left)
            .Select(match => (match.Index, Question: Edges().Replace(Blanks().Replace(match.Value, " "), "")))
            .Where(sentence => SearchTerms.Of(sentence.Question).Any(term => !Framing.Contains(term)))
            .Select(sentence => (sentence.Index, new PlanStep(
                StepKind.Research,
                new JsonObject { ["question"] = sentence.Question },
                $"\"{sentence.Question}\" is a question for the documentation, so I ask the researcher.")));

    [GeneratedRegex(@"[\s|]+", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    // What joined the sentence to a part that another rule took, and what led up to that part.
    [GeneratedRegex(
        @"^\s*(?:(?:and|then|,)\s+)*|(?:\s+(?:and|then|what|what's|is)|,)*\s*$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Edges();

    // A dot inside a word ("netra.v1") ends no sentence.
    [GeneratedRegex(@"(?:[^.?!;\n]|\.\S)+", RegexOptions.NonBacktracking)]
    private static partial Regex Sentences();
}
