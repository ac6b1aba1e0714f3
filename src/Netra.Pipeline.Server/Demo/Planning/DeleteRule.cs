using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>"Delete the draft", "throw my draft away". A pure function of the text that is left.</summary>
internal static partial class DeleteRule
{
    // There is one draft: named twice, it is deleted once.
    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text) => text.Claim(Pattern()).Take(1).Select(match => (
        match.Index, new PlanStep(StepKind.Delete, [], "What is deleted is gone, so the tool asks before it deletes the draft.")));

    [GeneratedRegex(
        @"\b(?:(?:delete|remove|discard|erase|drop|get\s+rid\s+of|throw\s+away)\s+(?:(?:the|my|this|that)\s+)?drafts?"
        + @"|throw\s+(?:(?:the|my|this|that)\s+)?drafts?\s+away)\b",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
