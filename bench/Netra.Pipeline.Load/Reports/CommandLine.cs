using System.CommandLine;

namespace Netra.Pipeline.Load.Reports;

/// <summary>What a report says makes it again.</summary>
internal static class CommandLine
{
    /// <summary>The command, as it is typed at the repository's root.</summary>
    public static string Of(ParseResult parsed)
        => "dotnet run -c Release --project bench/Netra.Pipeline.Load -- "
            + string.Join(' ', parsed.Tokens.Select(
                static token => token.Value.Contains(' ', StringComparison.Ordinal) ? $"'{token.Value}'" : token.Value));
}
