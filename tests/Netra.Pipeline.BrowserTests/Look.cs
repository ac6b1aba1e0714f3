using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>How a page looks in light and in dark, on a desk and on a phone, and whether everybody can use it.</summary>
internal static class Look
{
    private static readonly (string Name, int Width, int Height)[] Sizes = [("desk", 1280, 720), ("phone", 390, 844)];

    /// <summary>
    /// Takes a picture of each look into artifacts/screenshots (of the whole page where <c>NETRA_WHOLE_PAGES</c> is set), and tells where
    /// the page is wider than its window, and what serious things axe-core finds: in light on the desk, and in dark on the phone, so that
    /// all colours and both sizes were looked at.
    /// </summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(IPage page, string moment)
    {
        var found = new List<string>();
        foreach (var (size, width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                var look = $"{moment}-{size}-{scheme}".ToLowerInvariant();
                await page.ScreenshotAsync(new()
                {
                    Path = Path.Combine(RepositoryPaths.Screenshots, $"{look}.png"),
                    FullPage = Environment.GetEnvironmentVariable("NETRA_WHOLE_PAGES") is { Length: > 0 },
                });
                if ((size == "desk") == (scheme == ColorScheme.Light))
                {
                    var result = await page.RunAxe();
                    found.AddRange(result.Violations.Where(IsSerious).Select(violation => $"{look}: {Describe(violation)}"));
                }

                if (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth"))
                {
                    found.Add($"{look}: wider than the window");
                }
            }
        }

        return found;
    }

    private static bool IsSerious(AxeResultItem violation) => violation.Impact is "serious" or "critical";

    private static string Describe(AxeResultItem violation)
        => $"{violation.Id} ({violation.Impact}): {violation.Help} {string.Join(" | ", violation.Nodes.Select(static node => node.Html))}";
}
