using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Server;

/// <summary>
/// Runs the server, and says on its way out why it did not start, or did not end as it should: every reason at once, and a non-zero exit
/// code.
/// </summary>
internal static class StartFailures
{
    private const int ExitCode = 1;

    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        var hasStarted = false;
        try
        {
            await using var app = build();
            app.Lifetime.ApplicationStarted.Register(() => hasStarted = true);
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (ReasonsOf(exception) is { Count: > 0 } reasons)
        {
            await Console.Error.WriteLineAsync($"The server did not {(hasStarted ? "end well" : "start")}, for {reasons.Count} reason(s):");
            foreach (var reason in reasons)
            {
                await Console.Error.WriteLineAsync($"  - {reason}");
            }

            return ExitCode;
        }
    }

    // Anything that is not listed here is a fault, and keeps its stack trace.
    private static IReadOnlyList<string> ReasonsOf(Exception exception) => exception switch
    {
        StartupVerificationException verification => verification.Reasons,
        OptionsValidationException options => [.. options.Failures],
        AggregateException several => [.. several.InnerExceptions.SelectMany(ReasonsOf)],
        ConfigurationException or IOException or PipelineException => [exception.Message],
        _ => [],
    };
}
