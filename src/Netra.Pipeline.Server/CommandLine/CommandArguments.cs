namespace Netra.Pipeline.Server.CommandLine;

/// <summary>
/// Takes apart what is for the command and what is for the configuration. A command's own options have no colon in their names; the names
/// of settings do, but for the host's.
/// </summary>
internal static class CommandArguments
{
    private const string Prefix = "--";
    private static readonly string[] OfTheHost = ["--environment", "--urls"];

    /// <summary>Keeps the order of both.</summary>
    public static (string[] Command, string[] Settings) Split(IReadOnlyList<string> arguments)
    {
        List<string> command = [];
        List<string> settings = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!IsSetting(arguments[i]))
            {
                command.Add(arguments[i]);
                continue;
            }

            settings.Add(arguments[i]);
            if (!arguments[i].Contains('=') && i + 1 < arguments.Count)
            {
                settings.Add(arguments[++i]);
            }
        }

        return ([.. command], [.. settings]);
    }

    private static bool IsSetting(string argument)
    {
        var name = argument.Split('=', 2)[0];
        return name.StartsWith(Prefix, StringComparison.Ordinal)
            && (name.Contains(':') || OfTheHost.Contains(name, StringComparer.OrdinalIgnoreCase));
    }
}
