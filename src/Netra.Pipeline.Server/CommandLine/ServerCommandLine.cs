using System.CommandLine;

namespace Netra.Pipeline.Server.CommandLine;

/// <summary>
/// What the server's program does besides serving: a known word that comes first is a command. All else goes to the host's configuration,
/// as it always has.
/// </summary>
internal static class ServerCommandLine
{
    private static readonly string[] Asking = ["-h", "--help", "-?", "--version"];

    /// <summary>Whether the arguments name a command, or anything that looks like one, or ask for help.</summary>
    public static bool IsCommand(IReadOnlyList<string> arguments)
        => arguments.Count > 0 && (Asking.Contains(arguments[0], StringComparer.Ordinal) || IsWord(arguments[0]));

    /// <summary>Runs a command to its exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments) => ServerCommand.RunAsync(Create, arguments);

    private static RootCommand Create(IConfiguration configuration)
        => new("Without a command the server starts; all arguments are its settings, such as --urls and --Netra:DataDirectory=FOLDER.")
        {
            KeysCommand.Create(configuration),
            FolderCommands.CreateBackup(configuration),
            FolderCommands.CreateCheck(configuration),
        };

    // The host's configuration ignores a bare word, so a mistyped command must not start a server.
    private static bool IsWord(string argument) => argument.Length > 0 && argument[0] is not ('-' or '/') && !argument.Contains('=');
}
