using System.CommandLine;
using System.Globalization;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Server.CommandLine;

/// <summary><c>backup</c> and <c>check</c>: the data folder, whether or not a server is at work on it.</summary>
internal static class FolderCommands
{
    public static Command CreateBackup(IConfiguration configuration)
    {
        var to = new Argument<string>("to") { Description = "The folder of the copy, new or empty." };
        var command = new Command("backup", "Copies the data folder's databases, as they are at this moment, while the server works.")
        {
            to,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (folder, target) = (FolderOf(configuration), parsed.GetRequiredValue(to));
            var copies = FolderBackup.Copy(folder, target, cancellationToken);

            // The server's audit tells of it. After the copy, which therefore does not.
            using (var access = AccessStore.Open(folder))
            {
                access.AddBackup(Path.GetFullPath(target), TimeProvider.System.GetUtcNow());
            }

            foreach (var copy in copies)
            {
                await Console.Out.WriteLineAsync(
                    string.Create(CultureInfo.InvariantCulture, $"{copy}: {new FileInfo(copy).Length} bytes"));
            }

            return 0;
        });
        return command;
    }

    public static Command CreateCheck(IConfiguration configuration)
    {
        var folder = new Argument<string?>("folder")
        {
            Description = "The folder; the data folder when it is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("check", "Reads a data folder, or a copy of one, through, and says what is wrong with it.") { folder };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var files = FolderCheck.Check(parsed.GetValue(folder) ?? FolderOf(configuration), cancellationToken);
            foreach (var file in files)
            {
                foreach (var problem in file.Problems)
                {
                    await Console.Out.WriteLineAsync($"{file.Name}: {problem}");
                }

                if (file.Problems.Count == 0)
                {
                    await Console.Out.WriteLineAsync($"{file.Name}: well{(file.Summary.Length > 0 ? $", {file.Summary}" : string.Empty)}");
                }
            }

            var count = files.Sum(static file => file.Problems.Count);
            return count == 0 ? 0 : await ServerCommand.FailAsync($"{count} problems were found; do not start a server on this folder.");
        });
        return command;
    }

    private static string FolderOf(IConfiguration configuration)
    {
        var data = new DataOptions();
        configuration.GetSection("Netra").Bind(data);
        return data.DataDirectory;
    }
}
