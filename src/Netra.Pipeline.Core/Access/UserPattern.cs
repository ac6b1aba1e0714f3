using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Access;

/// <summary>
/// Which users a caller is for: all (<c>*</c>), one by name, or those whose names begin alike (<c>team-*</c>). Immutable.
/// </summary>
internal sealed record UserPattern
{
    /// <summary>Everybody.</summary>
    public static readonly UserPattern All = new("*");

    private readonly string _beginning;
    private readonly bool _isOpen;

    private UserPattern(string text) => (Text, _isOpen, _beginning) = (text, text.EndsWith('*'), text.TrimEnd('*'));

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Whether it is everybody.</summary>
    public bool IsAll => _isOpen && _beginning.Length == 0;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    /// <returns>The pattern; null when it is not one.</returns>
    public static UserPattern? TryParse(string text, out string? problem)
    {
        var name = text.EndsWith('*') ? text[..^1] : text;
        problem = name.Contains('*', StringComparison.Ordinal)
            ? $"'{text}' has a * that is not its end"
            : text == "*" ? null : IdentifierRules.ProblemOfUser(name);
        return problem is null ? new UserPattern(text) : null;
    }

    /// <summary>Whether a user is among them.</summary>
    public bool Covers(string userId)
        => _isOpen ? userId.StartsWith(_beginning, StringComparison.Ordinal) : userId == _beginning;
}
