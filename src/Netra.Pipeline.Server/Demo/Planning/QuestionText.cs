using System.Text.RegularExpressions;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>
/// A question of which rules claim parts. Claimed characters are blanked out, so that positions stay and no second rule sees them. Used by
/// one planning at a time.
/// </summary>
internal sealed class QuestionText(string question)
{
    private readonly char[] _left = question.ToCharArray();

    /// <summary>What nobody has claimed yet, with claimed characters as <c>|</c>.</summary>
    public string Left => new(_left);

    /// <summary>Takes the matches of a pattern out of the text.</summary>
    public IReadOnlyList<Match> Claim(Regex pattern)
    {
        var matches = pattern.Matches(Left).ToList();
        foreach (var match in matches)
        {
            Claim(match.Index, match.Length);
        }

        return matches;
    }

    /// <summary>Takes one part out of the text.</summary>
    public void Claim(int position, int length) => Array.Fill(_left, '|', position, length);
}
