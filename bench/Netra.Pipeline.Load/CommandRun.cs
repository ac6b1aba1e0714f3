using System.CommandLine;

namespace Netra.Pipeline.Load;

/// <summary>What commands that run something have in common: how they end when they could not.</summary>
internal static class CommandRun
{
    private const int CouldNotRun = 2;

    /// <summary>Sets what a command does; where that is not possible, it says why and exits with 2.</summary>
    /// <param name="command">The command.</param>
    /// <param name="run">What it does, to its exit code.</param>
    public static void Set(Command command, Func<ParseResult, CancellationToken, Task<int>> run)
        => command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await run(parsed, cancellationToken);
            }
            catch (Exception exception) when (exception is LoadFailedException or IOException or ArgumentException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return CouldNotRun;
            }
        });
}
