using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>What a run asks somebody (docs/protocol.md, section 9.10). Immutable.</summary>
public sealed record RunQuestion
{
    /// <summary>How many options there may be.</summary>
    public const int MaxOptions = 64;

    /// <summary>How many characters an option may have.</summary>
    public const int MaxOptionChars = 256;

    private RunQuestion(RequestKind kind, string prompt, IReadOnlyList<string> options)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        (Kind, Prompt, Options) = (kind, prompt, options);
    }

    /// <summary>What it asks for.</summary>
    public RequestKind Kind { get; }

    /// <summary>The words.</summary>
    public string Prompt { get; }

    /// <summary>What may be chosen; empty for all kinds but <see cref="RequestKind.Choice"/>.</summary>
    public IReadOnlyList<string> Options { get; }

    /// <summary>
    /// Its id, unique in its run: 1 to 256 bytes of UTF-8. Asked again under the same id, it gets the answer that there is. Default: for
    /// agents and tools, one made of what is asked and of how often the run has asked the same; for others a new one.
    /// </summary>
    public string? RequestId { get; init; }

    /// <summary>Until when an answer is of use: past it the operator is told, and an answer is still taken. Default: not said.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The tool call that waits. Default: the one that asks, or none.</summary>
    public string? CallId { get; init; }

    /// <summary>Asks for a yes or a no.</summary>
    /// <param name="prompt">The words.</param>
    public static RunQuestion Approval(string prompt) => new(RequestKind.Approval, prompt, []);

    /// <summary>Asks to choose one of several texts.</summary>
    /// <param name="prompt">The words.</param>
    /// <param name="options">1 to 64 different texts of 1 to 256 characters.</param>
    /// <exception cref="ArgumentException">The options are not as they should be.</exception>
    public static RunQuestion Choice(string prompt, IReadOnlyList<string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ProblemOf(options) is { } problem
            ? throw new ArgumentException(problem, nameof(options))
            : new RunQuestion(RequestKind.Choice, prompt, [.. options]);
    }

    /// <summary>Asks for a text.</summary>
    /// <param name="prompt">The words.</param>
    public static RunQuestion Text(string prompt) => new(RequestKind.Text, prompt, []);

    /// <summary>Waits for something else than a person, which answers over HTTP.</summary>
    /// <param name="prompt">What is waited for, in words.</param>
    public static RunQuestion External(string prompt) => new(RequestKind.External, prompt, []);

    /// <summary>What is wrong with options, or null.</summary>
    internal static string? ProblemOf(IReadOnlyList<string> options)
        => options.Count is 0 or > MaxOptions
            || options.Any(static option => option is not { Length: > 0 and <= MaxOptionChars })
            || options.Distinct(StringComparer.Ordinal).Count() != options.Count
                ? $"must be 1 to {MaxOptions} different texts of 1 to {MaxOptionChars} characters"
                : null;
}
