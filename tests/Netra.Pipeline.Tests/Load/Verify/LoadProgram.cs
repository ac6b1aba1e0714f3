using System.Diagnostics;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Verify;

/// <summary>The real <c>Netra.Pipeline.Load</c> as a process of its own.</summary>
internal static class LoadProgram
{
    // Six checks, each of which may wait for its timeout; other commands start a process after the other.
    private static readonly TimeSpan Patience = 6 * TestClient.Patience;

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Load.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException exception)
        {
            process.Kill();
            throw new AssertionException($"Netra.Pipeline.Load has not ended within {Patience}.", exception);
        }
    }

    /// <summary>Runs it with <c>--json</c>, and takes its answer apart.</summary>
    public static async Task<(int ExitCode, IReadOnlyDictionary<string, (bool HasPassed, string Detail)> Checks)> VerifyAsync(
        params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(["verify", "--json", .. arguments]);
        Assert.That(error, Is.Empty);
        using var json = JsonDocument.Parse(output);
        var checks = json.RootElement.GetProperty("checks").EnumerateArray().ToDictionary(
            static check => check.GetProperty("name").GetString()!,
            static check => (check.GetProperty("passed").GetBoolean(), check.GetProperty("detail").GetString()!),
            StringComparer.Ordinal);
        Assert.That(json.RootElement.GetProperty("passed").GetInt32(), Is.EqualTo(checks.Values.Count(static check => check.Item1)));
        Assert.That(json.RootElement.GetProperty("total").GetInt32(), Is.EqualTo(checks.Count));
        return (exitCode, checks);
    }
}
