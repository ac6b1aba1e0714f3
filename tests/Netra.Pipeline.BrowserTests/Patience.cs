using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>How long is waited for what a page is to show: a busy machine may need many times what a person's own does.</summary>
/// <remarks>A test of how soon something is shown says so itself.</remarks>
[SetUpFixture]
internal sealed class Patience
{
    public const int Milliseconds = 60_000;

    [OneTimeSetUp]
    public void WaitLonger() => Assertions.SetDefaultExpectTimeout(Milliseconds);
}
