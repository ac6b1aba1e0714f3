using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Tests of the page in a real browser against one real server; each has a user and a browser context of its own.</summary>
/// <param name="settings">The server's settings, each as <c>Name=Value</c>.</param>
internal abstract class PageTests(params string[] settings)
{
    private IPlaywright _playwright = null!;
    private DirectoryInfo _data = null!;

    protected IBrowser Browser { get; private set; } = null!;

    protected ServerProcess Server { get; private set; } = null!;

    protected IBrowserContext Context { get; private set; } = null!;

    protected string UserId { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartServerAndBrowser()
    {
        _playwright = await Playwright.CreateAsync();
        Browser = await Chromium.LaunchAsync(_playwright);
        _data = Directory.CreateTempSubdirectory("netra-browser-tests-");
        await PrepareAsync(_data.FullName);
        await StartServerAsync();
    }

    [OneTimeTearDown]
    public async Task StopServerAndBrowser()
    {
        // Each may be missing when the start of one before it has failed.
        await (Server?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
        _data?.Delete(recursive: true);
    }

    [SetUp]
    public async Task OpenContext()
    {
        UserId = $"browser-{Guid.NewGuid():N}";
        Context = await Browser.NewContextAsync();
        Context.SetDefaultTimeout(Patience.Milliseconds);
    }

    [TearDown]
    public async Task CloseContext()
    {
        await Context.DisposeAsync();
        if (TestContext.CurrentContext.Result.FailCount > 0)
        {
            await TestContext.Out.WriteLineAsync($"The server's last lines:\n{Server.Log}");
        }
    }

    /// <summary>Settings that are known only when the tests run.</summary>
    protected virtual IEnumerable<string> MoreSettings => [];

    /// <summary>Puts something into the server's data folder before the server starts.</summary>
    protected virtual Task PrepareAsync(string dataDirectory) => Task.CompletedTask;

    /// <summary>Starts the server on the tests' data, after the one before has ended, on its address where it is given.</summary>
    protected async Task StartServerAsync(Uri? address = null)
        => Server = await ServerProcess.StartAsync(_data.FullName, address, [.. settings, .. MoreSettings]);
}
