using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>A dashboard as an operator uses it; locators by the test ids that the pages promise.</summary>
internal sealed class DashboardPage(IPage page)
{
    public IPage Page => page;

    /// <summary>How fresh what is shown is, in a word.</summary>
    public ILocator Freshness => page.GetByTestId("freshness");

    /// <summary>What says that it is old.</summary>
    public ILocator Stale => page.GetByTestId("stale");

    public ILocator SignIn => page.GetByTestId("sign-in");

    /// <summary>An alert of a rule.</summary>
    public ILocator Alert(string rule) => page.Locator($"[data-testid=alert][data-alert={rule}]");

    public ILocator ById(string testId) => page.GetByTestId(testId);

    /// <summary>Opens one of the dashboards of a server.</summary>
    /// <param name="context">The browser's context.</param>
    /// <param name="server">The server, with its prefix.</param>
    /// <param name="path">Which dashboard, and more of the address; empty for the index.</param>
    public static async Task<DashboardPage> OpenAsync(IBrowserContext context, Uri server, string path = "")
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(server, $"dashboards{(path.Length == 0 ? "" : $"/{path}")}").AbsoluteUri);
        return new DashboardPage(page);
    }
}
