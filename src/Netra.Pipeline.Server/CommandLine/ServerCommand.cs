using System.CommandLine;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Server.CommandLine;

/// <summary>
/// What all commands have in common: they read the configuration that the server reads, and one that cannot do what it is asked says why in
/// one line on standard error, and exits with 1.
/// </summary>
internal static class ServerCommand
{
    public const int Failed = 1;

    /// <summary>Runs the command that the arguments name.</summary>
    /// <param name="create">Makes the commands, given the configuration.</param>
    /// <param name="arguments">The command's, with settings among them, as <c>--Section:Key=value</c>.</param>
    public static async Task<int> RunAsync(Func<IConfiguration, RootCommand> create, IReadOnlyList<string> arguments)
    {
        try
        {
            var (own, settings) = CommandArguments.Split(arguments);
            var builder = WebApplication.CreateBuilder(
                new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
            var parsed = create(builder.Configuration).Parse(own);
            if (parsed.Errors.Count > 0)
            {
                return await FailAsync(string.Join(" ", parsed.Errors.Select(static error => error.Message)));
            }

            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is ConfigurationException or IOException or UnauthorizedAccessException
            or PipelineException or SqliteFailureException or InvalidDataException)
        {
            return await FailAsync(exception.Message);
        }
    }

    /// <summary>Says why it is not possible, in one line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> FailAsync(string reason)
    {
        await Console.Error.WriteLineAsync(reason.ReplaceLineEndings(" "));
        return Failed;
    }
}
