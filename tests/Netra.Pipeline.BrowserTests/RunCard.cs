using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>One run on the page.</summary>
internal sealed class RunCard(ILocator run)
{
    public ILocator Status => run.GetByTestId("run-status");

    public ILocator Thoughts => run.GetByTestId("thinking");

    public ILocator ToolStatuses => run.GetByTestId("tool-status");

    public ILocator ToolDurations => run.GetByTestId("tool-duration");

    public ILocator ToolErrors => run.GetByTestId("tool-error");

    public ILocator LostResults => run.GetByTestId("tool-lost");

    public ILocator Errors => run.GetByTestId("run-error");

    public ILocator Answer => run.GetByTestId("answer");
}
