using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec D7, in a real browser: the chat page where no WebSocket gets through, and a browser's own <c>EventSource</c>.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed partial class EventStreamTests
{
    // Where the page looks for its WebSocket there is none: each handshake is answered with 404, as a proxy might.
    private const string NoWebSocket = "Netra:WebSockets:Path=/elsewhere";

    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private IBrowserContext _context = null!;
    private DirectoryInfo _data = null!;
    private ServerProcess? _server;

    [OneTimeSetUp]
    public async Task StartBrowser()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await Chromium.LaunchAsync(_playwright);
    }

    [OneTimeTearDown]
    public async Task StopBrowser()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
    }

    [SetUp]
    public async Task OpenContext()
    {
        _data = Directory.CreateTempSubdirectory("netra-browser-tests-");
        _context = await _browser.NewContextAsync();
        _context.SetDefaultTimeout(Patience.Milliseconds);
    }

    [TearDown]
    public async Task CloseContext()
    {
        await _context.DisposeAsync();
        if (TestContext.CurrentContext.Result.FailCount > 0)
        {
            await TestContext.Out.WriteLineAsync($"The server's last lines:\n{_server?.Log}");
        }

        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _server = null;
        _data.Delete(recursive: true);
    }

    [Test]
    public async Task ChatPage_NoWebSocketGetsThrough_FallsBackShowsARunAndSurvivesARestart()
    {
        _server = await ServerProcess.StartAsync(_data.FullName, address: null, NoWebSocket);
        var page = await ChatPage.OpenAsync(_context, _server.Address, $"browser-{Guid.NewGuid():N}");

        await Expect(page.ConnectionFallback).ToContainTextAsync("over the fallback");
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await page.AskAsync("What is (17 + 25) * 3?");
        var run = new RunCard(page.Runs);
        await Expect(run.Status).ToHaveTextAsync(DoneStatus());
        await Expect(run.Answer).ToContainTextAsync("126");
        await Expect(run.ToolStatuses.First).ToHaveTextAsync("ok");
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
        await page.ShootAsync("done");

        var address = _server.Address;
        await _server.DisposeAsync();
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        _server = await ServerProcess.StartAsync(_data.FullName, address, NoWebSocket);
        await Expect(page.ConnectionFallback).ToBeVisibleAsync();
        await page.AskAsync("What is 3 + 3?");
        await Expect(new RunCard(page.Runs.Last).Answer).ToContainTextAsync("6");
        await Expect(new RunCard(page.Runs.Last).Status).ToHaveTextAsync(DoneStatus());
    }

    [Test]
    public async Task ChatPage_OverTheFallback_CancelsARun()
    {
        _server = await ServerProcess.StartAsync(_data.FullName, address: null, NoWebSocket);
        var page = await ChatPage.OpenAsync(_context, _server.Address, $"browser-{Guid.NewGuid():N}");
        await Expect(page.ConnectionFallback).ToBeVisibleAsync();
        await page.AskAsync("Count slowly to 100");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToContainTextAsync("2");

        await page.Cancel.ClickAsync();

        await Expect(run.Status).ToContainTextAsync("Cancelled after");
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    // A browser has six connections to a server: without sharing, the seventh tab would have none, and nobody could ask anything.
    [Test]
    public async Task ChatPage_TwentyTabsOnTheFallback_ShareOneStreamAndAsk()
    {
        _server = await ServerProcess.StartAsync(_data.FullName, address: null, NoWebSocket);
        var user = $"browser-{Guid.NewGuid():N}";
        var tabs = new List<ChatPage>();
        for (var count = 0; count < 20; count++)
        {
            tabs.Add(await ChatPage.OpenAsync(_context, _server.Address, user));
        }

        foreach (var tab in tabs)
        {
            await Expect(tab.ConnectionFallback).ToBeVisibleAsync(new() { Timeout = 120_000 });
        }

        using var http = new HttpClient { BaseAddress = _server.Address };
        await Expect(tabs[0].ConnectionState).ToContainTextAsync("Connected");
        Assert.That(async () => await StreamsOfAsync(http, user), Is.EqualTo(1).After(60_000, 100));
        await tabs[^1].AskAsync("What is (17 + 25) * 3?");
        await Expect(new RunCard(tabs[^1].Runs).Answer).ToContainTextAsync("126");
        await tabs[7].AskAsync("What is 3 + 3?");
        await Expect(new RunCard(tabs[7].Runs.Last).Answer).ToContainTextAsync("6");
        Assert.That(async () => await StreamsOfAsync(http, user), Is.EqualTo(1).After(60_000, 100));
    }

    private static async Task<int> StreamsOfAsync(HttpClient http, string user)
    {
        var view = await http.GetFromJsonAsync<System.Text.Json.JsonElement>($"/monitoring/websocket/users/{user}");
        return view.GetProperty("connections").GetInt32();
    }

    // A page that answers no ping is frozen, and its stream is ended soon: the browser opens it again by itself,
    // with the id of the last event.
    [Test]
    public async Task EventSource_StreamEnds_IsResumedByTheBrowserWithoutLossOrRepetition()
    {
        _server = await ServerProcess.StartAsync(
            _data.FullName,
            address: null,
            "Netra:Connections:PingInterval=00:00:01",
            "Netra:Connections:PingTimeout=00:00:01",
            "Netra:Connections:FrozenTimeout=00:00:01");
        var page = await _context.NewPageAsync();
        await page.GotoAsync(new Uri(_server.Address, "/favicon.svg").AbsoluteUri);
        await page.EvaluateAsync(
            """
            () => {
              window.heard = [];
              const source = new EventSource('/v1/stream?user_id=ada&seq=0');
              source.onmessage = (event) => window.heard.push(JSON.parse(event.data));
              source.addEventListener('end', (event) => window.heard.push({ type: 'end', ...JSON.parse(event.data) }));
            }
            """);
        using var http = new HttpClient { BaseAddress = _server.Address };
        var head = 0L;
        for (var ended = 0; ended < 2; ended = await page.EvaluateAsync<int>(
            "() => window.heard.filter((message) => message.type === 'end').length"))
        {
            var answer = await http.PostAsJsonAsync(
                "/v1/events", new { user_id = "ada", thread_id = "t", run_id = "r", type = "token", data = new { delta = "x" } });
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created).Or.EqualTo(HttpStatusCode.Accepted));
            head++;
            await page.WaitForFunctionAsync(
                "(head) => window.heard.some((message) => message.seq === head && message.type === 'token')", head);
        }

        var seqs = await page.EvaluateAsync<long[]>(
            "() => window.heard.filter((message) => message.type === 'token').map((message) => message.seq)");
        Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, (int)head).Select(static i => (long)i)));
        var ends = await page.EvaluateAsync<string[]>(
            "() => window.heard.filter((message) => message.type === 'end').map((message) => `${message.reason} ${message.reconnect}`)");
        Assert.That(ends, Is.All.EqualTo("unresponsive true"));
        var resumed = await page.EvaluateAsync<bool[]>(
            "() => window.heard.filter((message) => message.type === 'welcome').map((message) => message.resumed)");
        Assert.That(resumed.Skip(1), Is.Not.Empty.And.All.True);
    }

    [GeneratedRegex(@"^Done in \d")]
    private static partial Regex DoneStatus();
}
