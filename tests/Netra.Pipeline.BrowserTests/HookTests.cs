using System.Net.Http.Json;
using System.Text.Json;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>
/// The hooks of the TypeScript client as its users have them: the examples of React, in strict mode, and of Preact, in a page of another
/// origin, against the real server.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class HookTests() : PageTests("Netra:Connections:PingInterval=00:00:01")
{
    private const string React = "react";
    private const string Preact = "preact";

    private readonly OtherOrigin _application = new();
    private IReadOnlyDictionary<string, string> _bundles = null!;
    private Publisher _backend = null!;

    protected override IEnumerable<string> MoreSettings => [$"Netra:Http:AllowedOrigins:0={_application.Origin}"];

    [OneTimeSetUp]
    public async Task BundlePages() => _bundles = await HookBundles.BuildAsync();

    [OneTimeTearDown]
    public async Task StopApplication() => await _application.DisposeAsync();

    [SetUp]
    public void MakeBackend() => _backend = new Publisher(Server.Address, UserId);

    [TearDown]
    public void DisposeBackend() => _backend.Dispose();

    [TestCase(React)]
    [TestCase(Preact)]
    public async Task Hooks_ServerKilledInMidRun_ShowStateToolsAndEachWordOnce(string library)
    {
        var page = await OpenAsync(library);
        await Expect(page.ConnectionState).ToHaveTextAsync("connected");
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
        await SayAsync(1, 20);
        await Expect(page.Tools).ToHaveTextAsync("search: running");
        await Expect(page.Answers).ToHaveTextAsync(Words(20));
        await Expect(page.Statuses).ToHaveTextAsync("running");

        var address = Server.Address;
        await Server.DisposeAsync();
        await Expect(page.ConnectionState).ToHaveTextAsync("recovering");
        await StartServerAsync(address);
        await _backend.PublishAsync("tool_completed", """{"tool_name":"search","call_id":"c1"}""");
        await SayAsync(21, 40);
        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");

        await Expect(page.Statuses).ToHaveTextAsync("completed");
        await Expect(page.Tools).ToHaveTextAsync("search: ok");
        await Expect(page.Answers).ToHaveTextAsync(Words(40));
        await Expect(page.ConnectionState).ToHaveTextAsync("connected");
        await ShouldHaveOneConnectionAsync(page);
        Assert.That(await page.HandledAsync(), Is.Ordered.Ascending.And.Unique.And.Exactly(44).Items);
        Assert.That(page.Complaints, Is.Empty);
    }

    [TestCase(React)]
    [TestCase(Preact)]
    public async Task Hooks_NothingOfTheirsChanges_DoNotRender(string library)
    {
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        var page = await OpenAsync(library);
        await Expect(page.Statuses).ToHaveTextAsync("completed");
        WaitForPongs(page, 1);
        var before = await page.RendersAsync();
        Assert.That(before.Values, Is.All.Positive);

        WaitForPongs(page, 1);
        Assert.That(await page.RendersAsync(), Is.EqualTo(before), "the connection is alive, and nothing else is new");

        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""", "r2");
        await _backend.PublishAsync("token", """{"delta":"of another run"}""", "r2");
        await Expect(page.Answers).ToHaveTextAsync(["", "of another run"]);
        var after = await page.RendersAsync();
        Assert.That(after["connection"], Is.EqualTo(before["connection"]));
        Assert.That(after["firstRun"], Is.EqualTo(before["firstRun"]));
        Assert.That(after["runs"], Is.GreaterThan(before["runs"]));
        await ShouldHaveOneConnectionAsync(page);
        Assert.That(page.Complaints, Is.Empty);
    }

    [TestCase(React)]
    [TestCase(Preact)]
    public async Task Hooks_OfAnExampleThatIsTakenAway_LeaveNoConnectionAndBeginAnewWhenItIsBack(string library)
    {
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await SayAsync(1, 20);
        var page = await OpenAsync(library);
        await Expect(page.Answers).ToHaveTextAsync(Words(20));
        await ShouldHaveOneConnectionAsync(page);

        await page.HideAsync();

        await Expect(page.Runs).ToHaveCountAsync(0);
        await ShouldHaveConnectionsAsync(page, 0);
        await SayAsync(21, 40);

        await page.ShowAsync();
        await Expect(page.Answers).ToHaveTextAsync(Words(40));
        await ShouldHaveOneConnectionAsync(page);

        await page.ShowAnewAsync();
        await Expect(page.Answers).ToHaveTextAsync(Words(40));
        await ShouldHaveOneConnectionAsync(page);
        Assert.That(page.Complaints, Is.Empty);
    }

    // Applications that render on a server may connect before the library has taken over what was rendered.
    [TestCase(React)]
    [TestCase(Preact)]
    public async Task Hooks_TakeOverWhatAServerRendered_BeginWithThatAndShowWhatIsThere(string library)
    {
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        var page = await OpenAsync(library);
        await Expect(page.Statuses).ToHaveTextAsync("running");

        await page.TakeOverAsync();

        await Expect(page.Rendered).ToHaveTextAsync("connected, 1 runs");
        Assert.That(await page.IsOfServerAsync());
        Assert.That(page.Complaints, Is.Empty);
    }

    private Task<HookPage> OpenAsync(string library)
        => HookPage.OpenAsync(Context, _application.Origin, _bundles[library], Server.Address, UserId);

    // What was sent to the page before the ping, it has rendered by then.
    private static void WaitForPongs(HookPage page, int more)
    {
        var until = page.Frames.SentOfType("pong").Count + more;
        Assert.That(() => page.Frames.SentOfType("pong").Count, Is.GreaterThanOrEqualTo(until).After(Patience.Milliseconds, 100));
    }

    private Task ShouldHaveOneConnectionAsync(HookPage page) => ShouldHaveConnectionsAsync(page, 1);

    private async Task ShouldHaveConnectionsAsync(HookPage page, int count)
    {
        Assert.That(() => page.Frames.OpenSockets, Is.EqualTo(count).After(Patience.Milliseconds, 100));
        using var http = new HttpClient { BaseAddress = Server.Address };
        Assert.That(async () => await ConnectionsAsync(http), Is.EqualTo(count).After(Patience.Milliseconds, 100));
    }

    private async Task<int> ConnectionsAsync(HttpClient http)
    {
        var view = await http.GetFromJsonAsync<JsonElement>($"/monitoring/websocket/users/{UserId}");
        return view.GetProperty("connections").GetInt32();
    }

    private Task SayAsync(int from, int to) => _backend.PublishAllAsync(
        Enumerable.Range(from, to - from + 1).Select(i => _backend.Event("token", $$"""{"delta":" w{{i}}"}""")));

    private static string Words(int count) => string.Join(' ', Enumerable.Range(1, count).Select(static i => $"w{i}"));
}
