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

    /// <summary>Which try at the run is shown; absent on the first.</summary>
    public ILocator Attempt => run.GetByTestId("run-attempt");

    /// <summary>What the run asks now.</summary>
    public ILocator Requests => run.GetByTestId("request");

    /// <summary>The buttons to answer it with.</summary>
    public ILocator Answers => run.GetByTestId("request-answer");

    /// <summary>What it has asked, and what was answered.</summary>
    public ILocator Outcomes => run.GetByTestId("request-outcome");

    /// <summary>That nobody has taken what was asked of it.</summary>
    public ILocator Expired => run.GetByTestId("run-expired");

    /// <summary>Where a request for words is answered.</summary>
    public ILocator TextAnswer => run.GetByTestId("request-text");

    /// <summary>That nothing has been heard of it.</summary>
    public ILocator Stalled => run.GetByTestId("run-stalled");

    public ILocator Missing => run.GetByTestId("run-missing");

    public ILocator Answer => run.GetByTestId("answer");
}
