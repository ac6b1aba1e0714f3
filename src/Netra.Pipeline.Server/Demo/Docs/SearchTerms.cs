using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>
/// The words of a question that are worth searching for. They go into the query as quoted strings, so that nothing a user types is taken as
/// FTS5 syntax. Pure functions.
/// </summary>
internal static partial class SearchTerms
{
    // A bound on the work one question can ask for; a real question has a handful.
    private const int MaxTerms = 32;

    private static readonly FrozenSet<string> StopWords = FrozenSet.ToFrozenSet(
    [
        "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "docs", "does",
        "documentation", "explain", "find", "for", "from", "get", "give", "go", "has", "have", "hello", "help", "hey", "hi", "how", "i",
        "if", "in", "into", "is", "it", "its", "let", "like", "look", "me", "much", "my", "now", "of", "ok", "on", "one", "or", "our",
        "out", "please", "say", "search", "should", "show", "so", "tell", "than", "thank", "thanks", "that", "the", "their", "them",
        "then", "there", "these", "they", "thing", "this", "to", "up", "us", "use", "was", "we", "were", "what", "when", "where", "which",
        "who", "why", "will", "with", "work", "works", "would", "you", "your",
    ],
    StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<string> Of(string text) =>
    [
        .. Words().Matches(text).Select(match => match.Value)
            .Where(word => !StopWords.Contains(word) && !IsSmallNumber(word))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Take(MaxTerms),
    ];

    /// <summary>Any of the terms may occur; bm25 puts sections with more and rarer ones first.</summary>
    public static string ToMatch(IReadOnlyList<string> terms) => string.Join(" OR ", terms.Select(term => $"\"{term}\""));

    // "3" occurs everywhere and says nothing; "6455" may be what is looked for.
    private static bool IsSmallNumber(string word) => word.Length <= 2 && word.All(char.IsAsciiDigit);

    [GeneratedRegex(@"[\p{L}\p{N}]+", RegexOptions.NonBacktracking)]
    private static partial Regex Words();
}
