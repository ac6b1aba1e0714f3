using System.Diagnostics;
using System.Text.Json;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The pages that use the hooks (src/web/client/test/hooks), as an application's bundler makes them of the client.</summary>
internal static class HookBundles
{
    /// <summary>Bundles them: the script of each library's page, by the name of the library.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> BuildAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("node", "test/hooks/bundle.js")
        {
            WorkingDirectory = RepositoryPaths.WebClient,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var bundles = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(bundles)!
            : throw new InvalidOperationException($"The pages of the hooks cannot be bundled:\n{await errors}");
    }
}
