using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The browser these tests drive: the system's own, since nothing is downloaded.</summary>
internal static class Chromium
{
    private const string Variable = "NETRA_CHROMIUM";

    private static readonly string[] Arguments =
    [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    public static Task<IBrowser> LaunchAsync(IPlaywright playwright)
    {
        var path = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : "/usr/bin/chromium";
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(
                $"The browser tests need Chromium, and there is none at {path}. Install it (Debian: apt-get install chromium), "
                + $"or say with the environment variable {Variable} where it is.",
                path);
        }

        return playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = Arguments });
    }
}
