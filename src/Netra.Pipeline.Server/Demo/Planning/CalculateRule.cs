using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>"What is (2+3)*4?", "2 plus 3 times 4". A pure function of the text that is left.</summary>
internal static partial class CalculateRule
{
    public static IEnumerable<(int Position, PlanStep Step)> Apply(QuestionText text)
    {
        var found = new List<(int, PlanStep)>();
        foreach (var match in Candidates().Matches(text.Left).Where(IsExpression))
        {
            text.Claim(match.Index, match.Length);
            var expression = Spelled().Replace(match.Value, Sign).Trim();
            var why = $"{expression} is arithmetic; I calculate it instead of guessing.";
            found.Add((match.Index, new PlanStep(StepKind.Calculate, new JsonObject { ["expression"] = expression }, why)));
        }

        return found;
    }

    // Malformed ones count too ("(2+3*4"): the tool says what is wrong with them, where searching the docs for "2"
    // would leave people wondering.
    private static bool IsExpression(Match match)
        => !Date().IsMatch(match.Value) && Numbers().Count(match.Value) >= 2 && Signs().IsMatch(Spelled().Replace(match.Value, Sign));

    private static string Sign(Match word) => word.Value[0] switch
    {
        'p' or 'P' => "+",
        'm' or 'M' => "-",
        't' or 'T' => "*",
        _ => "/",
    };

    [GeneratedRegex(
        @"[(\-+−]*[\d.(](?:[\d.\s()+\-*/%^×÷·−]|\b(?:plus|minus|times|divided\s+by)\b)*[\d.)]",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Candidates();

    [GeneratedRegex(@"\b(?:plus|minus|times|divided\s+by)\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Spelled();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d\s*$", RegexOptions.NonBacktracking)]
    private static partial Regex Date();

    [GeneratedRegex(@"\d+(?:\.\d+)?", RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"[+\-*/%^×÷·−]", RegexOptions.NonBacktracking)]
    private static partial Regex Signs();
}
