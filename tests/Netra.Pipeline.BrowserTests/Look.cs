using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>How a page looks in light and in dark, on a desk and on a phone, and whether everybody can use it.</summary>
internal static class Look
{
    private static readonly (string Name, int Width, int Height)[] Sizes = [("desk", 1280, 720), ("phone", 390, 844)];

    /// <summary>
    /// Takes a picture of each look into artifacts/screenshots, and fails when the page is wider than its window, or when axe-core finds
    /// something serious in one; two of them have all colours and both sizes.
    /// </summary>
    public static async Task ShouldBeFitAsync(IPage page, string moment)
    {
        var found = new List<string>();
        foreach (var (size, width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                var look = $"{moment}-{size}-{scheme}".ToLowerInvariant();
                await page.ScreenshotAsync(new() { Path = Path.Combine(RepositoryPaths.Screenshots, $"{look}.png") });
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

        Assert.That(found, Is.Empty);
    }

    private static bool IsSerious(AxeResultItem violation) => violation.Impact is "serious" or "critical";

    private static string Describe(AxeResultItem violation)
        => $"{violation.Id} ({violation.Impact}): {violation.Help} {string.Join(" | ", violation.Nodes.Select(static node => node.Html))}";
}
