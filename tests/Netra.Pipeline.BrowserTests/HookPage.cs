using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>A page of another origin that shows the example of React or Preact, and beside it components with a hook each.</summary>
internal sealed class HookPage
{
    private readonly IPage _page;
    private readonly ConcurrentQueue<string> _complaints = new();

    private HookPage(IPage page)
    {
        _page = page;
        Frames = new WebSocketFrames(page);
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue(message.Text);
            }
        };
    }

    public WebSocketFrames Frames { get; }

    public ILocator ConnectionState => _page.GetByRole(AriaRole.Status);

    /// <summary>The runs, in order.</summary>
    public ILocator Runs => _page.Locator("article");

    /// <summary>The status of each run.</summary>
    public ILocator Statuses => Runs.Locator("h2");

    /// <summary>The tools of all runs, each with its status.</summary>
    public ILocator Tools => Runs.Locator("li");

    /// <summary>The text of each run.</summary>
    public ILocator Answers => Runs.Locator("p");

    /// <summary>What a server has rendered, once the library has taken it over.</summary>
    public ILocator Rendered => _page.Locator("#rendered");

    /// <summary>
    /// What the library or the page has complained of. That a connection was lost, or given up, the browser says by itself.
    /// </summary>
    public IEnumerable<string> Complaints
        => _complaints.Where(static text => !text.StartsWith("WebSocket connection to", StringComparison.Ordinal));

    public static async Task<HookPage> OpenAsync(IBrowserContext context, string origin, string script, Uri server, string userId)
    {
        var hooks = new HookPage(await context.NewPageAsync());
        var socket = new UriBuilder(server) { Scheme = "ws", Path = "/ws" }.Uri;
        await hooks._page.GotoAsync($"{origin}/?server={Uri.EscapeDataString(socket.AbsoluteUri)}&user={userId}");
        await hooks._page.AddScriptTagAsync(new() { Content = script, Type = "module" });
        return hooks;
    }

    /// <summary>Takes the example away, as an application does that goes to another view.</summary>
    public Task HideAsync() => _page.EvaluateAsync("() => page.hide()");

    /// <summary>Shows the example again.</summary>
    public Task ShowAsync() => _page.EvaluateAsync("() => page.show()");

    /// <summary>Takes it away and shows it again before the browser does anything else.</summary>
    public Task ShowAnewAsync() => _page.EvaluateAsync("() => { page.hide(); page.show(); }");

    /// <summary>The numbers of the events that were handled, in order.</summary>
    public Task<long[]> HandledAsync() => _page.EvaluateAsync<long[]>("() => page.handled");

    /// <summary>How often what uses a hook has rendered: <c>connection</c>, <c>firstRun</c>, <c>runs</c>.</summary>
    public Task<Dictionary<string, int>> RendersAsync() => _page.EvaluateAsync<Dictionary<string, int>>("() => page.renders");

    /// <summary>Lets the library take over a paragraph that a server has rendered without a connection.</summary>
    public Task TakeOverAsync() => _page.EvaluateAsync("() => page.takeOver()");

    /// <summary>Whether it is still the server's, and not one that the library had to make anew.</summary>
    public Task<bool> IsOfServerAsync() => Rendered.EvaluateAsync<bool>("paragraph => paragraph.ofServer === true");
}
