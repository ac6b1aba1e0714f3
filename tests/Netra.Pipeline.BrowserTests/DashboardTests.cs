using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec O3: the five dashboards in a browser, over the real server, under a prefix.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed partial class DashboardTests() : PageTests("Netra:Http:PathBase=/netra")
{
    private const string Monitoring = "/monitoring/websocket/";

    // From the fault until somebody sees it (spec O3).
    private static readonly LocatorAssertionsToContainTextOptions Soon = new() { Timeout = 5_000 };

    private static readonly string[] Dashboards =
        ["websocket_executive", "websocket_operations", "websocket_user_diagnostics", "websocket_performance", "websocket_alerts"];

    private HttpClient _http = null!;
    private Publisher _backend = null!;

    private Uri Root => new(Server.Address, "/netra/");

    [SetUp]
    public void MakeBackend()
        => (_http, _backend) = (new HttpClient { BaseAddress = Server.Address }, new Publisher(Server.Address, UserId));

    [TearDown]
    public void DisposeBackend()
    {
        _http.Dispose();
        _backend.Dispose();
    }

    [Test]
    public async Task Operations_FaultInjected_IsShownWithinFiveSeconds()
    {
        var dashboard = await OpenLiveAsync("websocket_operations?interval=1");
        await Expect(dashboard.ById("unaccounted")).ToContainTextAsync("0");

        // Silent for one lease, it stalls; for three, it has ended: in between there must be time for a slow browser to look.
        await _backend.PublishAsync("agent_started", """{"agent_name":"faulty","lease_ms":6000}""");
        await _backend.PublishAsync("tool_completed", """{"tool_name":"never began"}""");
        var began = TimeProvider.System.GetTimestamp();
        await Expect(dashboard.ById("failure-feed")).ToContainTextAsync("never began", Soon);
        await Expect(dashboard.ById("failures-by-code")).ToContainTextAsync("flow violation", Soon);
        await TestContext.Out.WriteLineAsync($"The fault was shown after {TimeProvider.System.GetElapsedTime(began)}.");

        await Expect(dashboard.ById("live-runs")).ToContainTextAsync("faulty");
        await Expect(dashboard.ById("silent-feed")).ToContainTextAsync("run stalled");
        await Expect(dashboard.ById("live-runs").GetByText("stalled").First).ToBeVisibleAsync();
    }

    [Test]
    public async Task Alerts_Firing_IsAcknowledgedAndSilencedFromThePage()
    {
        await _backend.PublishAsync("agent_started", """{"agent_name":"quiet","lease_ms":1000}""");
        var dashboard = await OpenLiveAsync("websocket_alerts?interval=1");
        var alert = dashboard.Alert("silent_failures").First;
        await Expect(alert).ToContainTextAsync("firing");
        await Expect(alert.GetByTestId("level")).ToContainTextAsync("operations");

        await alert.GetByTestId("comment").FillAsync("looking into it");
        await alert.GetByTestId("acknowledge").ClickAsync();
        await Expect(alert.GetByTestId("acknowledged")).ToContainTextAsync("Taken by");
        await alert.GetByTestId("silence").ClickAsync();
        await Expect(alert.GetByTestId("silenced")).ToBeVisibleAsync();

        var alerts = (await AskAsync("alerts")).GetProperty("alerts").EnumerateArray();
        var fired = alerts.First(static one => one.GetProperty("name").GetString() == "silent_failures");
        Assert.That(
            (fired.TryGetProperty("acknowledged_by", out _), fired.TryGetProperty("silenced_by", out _)), Is.EqualTo((true, true)));
        await Expect(dashboard.ById("history")).ToContainTextAsync("acknowledge");

        await dashboard.ById("silences").GetByTestId("unsilence").First.ClickAsync();
        await Expect(alert.GetByTestId("silenced")).ToHaveCountAsync(0);
        Assert.That((await AskAsync("silences")).GetProperty("silences").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Rule_EditedOnThePage_CountsAndAValueThatIsRefusedSaysWhy()
    {
        var dashboard = await OpenLiveAsync("websocket_alerts?rule=failure_rate");
        await dashboard.ById("rule-threshold").FillAsync("7");
        await dashboard.ById("rule-clear_threshold").FillAsync("6");
        await dashboard.ById("rule-save").ClickAsync();
        await Expect(dashboard.ById("rule-said")).ToContainTextAsync("Saved");
        Assert.That((await AskAsync("rules/failure_rate")).GetProperty("threshold").GetDouble(), Is.EqualTo(7));

        await dashboard.ById("rule-for_s").FillAsync("-1");
        await dashboard.ById("rule-save").ClickAsync();
        await Expect(dashboard.ById("rule-said")).ToContainTextAsync("for_s");
    }

    [Test]
    public async Task UserDiagnostics_DeepLink_ShowsCursorsAndTheWayOfAnEvent()
    {
        await using var phone = await Browser.NewContextAsync();
        var chat = await ChatPage.OpenAsync(phone, Server.Address, UserId);
        await Expect(chat.ConnectionState).ToContainTextAsync("Connected");
        await _backend.PublishAsync("agent_started", """{"agent_name":"demo"}""");
        await Expect(chat.Runs).ToHaveCountAsync(1);

        var dashboard = await OpenLiveAsync($"websocket_user_diagnostics?interval=1&user_id={UserId}");
        await Expect(dashboard.ById("user")).ToContainTextAsync(UserId);
        await Expect(dashboard.ById("connections").Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(dashboard.ById("undelivered")).ToContainTextAsync("Everything was acknowledged");
        await dashboard.ById("latest-event").ClickAsync();
        await Expect(dashboard.ById("timeline")).ToContainTextAsync("acknowledged");

        await phone.CloseAsync();
        await _backend.PublishAsync("agent_completed", """{"agent_name":"demo"}""");
        await dashboard.Page.ReloadAsync();
        await dashboard.ById("undelivered").GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(dashboard.ById("timeline")).ToContainTextAsync("accepted");
        Assert.That(dashboard.Page.Url, Does.Contain($"user_id={UserId}").And.Contain("event="));
    }

    [Test]
    public async Task Feed_Lost_IsShownAsStaleUntilItIsBack()
    {
        var dashboard = await OpenLiveAsync("websocket_executive?interval=1");
        var address = Server.Address;
        await Server.KillAsync();

        await Expect(dashboard.Stale).ToContainTextAsync("Stale: nothing new for");
        await Expect(dashboard.Freshness).ToContainTextAsync("Stale");
        await Expect(dashboard.ById("success")).ToBeVisibleAsync();
        await dashboard.Page.ScreenshotAsync(new() { Path = Path.Combine(RepositoryPaths.Screenshots, "dashboard-stale.png") });

        await Server.DisposeAsync();
        await StartServerAsync(address);
        await Expect(dashboard.Freshness).ToContainTextAsync("Live");
        await Expect(dashboard.Stale).ToHaveCountAsync(0);
        await dashboard.ById("pause").ClickAsync();
        await Expect(dashboard.Freshness).ToContainTextAsync("Paused");
        await dashboard.ById("pause").ClickAsync();
        await Expect(dashboard.Freshness).ToContainTextAsync("Live");
    }

    [TestCase("/", false)]
    [TestCase("/dashboards", true)]
    public async Task Script_OfThePages_HasChartsOnDashboardsAlone(string path, bool hasCharts)
    {
        var html = await _http.GetStringAsync(new Uri(path, UriKind.Relative));
        var scripts = await Task.WhenAll(
            Scripts().Matches(html).Select(match => _http.GetStringAsync(new Uri(Server.Address, match.Groups["path"].Value))));

        Assert.That(scripts, Is.Not.Empty);
        Assert.That(scripts.Any(static script => script.Contains("u-over", StringComparison.Ordinal)), Is.EqualTo(hasCharts));
    }

    [Test]
    public async Task Dashboards_InBothSchemesAndSizes_FitAndAreAccessible()
    {
        await PopulateAsync();
        var dashboard = await DashboardPage.OpenAsync(Context, Root);
        await Expect(dashboard.ById("health")).ToContainTextAsync("The server is");
        var faults = new List<string>(await Look.FaultsAsync(dashboard.Page, "dashboard-index"));
        foreach (var name in Dashboards)
        {
            var query = name == "websocket_user_diagnostics" ? $"?user_id={UserId}" : string.Empty;
            await dashboard.Page.GotoAsync(new Uri(Root, $"dashboards/{name}{query}").AbsoluteUri);
            await Expect(dashboard.Freshness).ToContainTextAsync("Live");
            faults.AddRange(await Look.FaultsAsync(dashboard.Page, $"dashboard-{name}"));
        }

        Assert.That(faults, Is.Empty);
    }

    [Test]
    public async Task Chat_InDevelopment_LeadsToTheDashboards()
    {
        var page = (await ChatPage.OpenAsync(Context, new Uri(Root, $"?user_id={UserId}"))).Browser;

        await page.GetByTestId("dashboards").ClickAsync();

        await Expect(page.GetByTestId("health")).ToContainTextAsync("The server is");
        Assert.That(page.Url, Is.EqualTo(new Uri(Root, "dashboards").AbsoluteUri));
    }

    private async Task<DashboardPage> OpenLiveAsync(string path)
    {
        var dashboard = await DashboardPage.OpenAsync(Context, Root, path);
        await Expect(dashboard.Freshness).ToContainTextAsync("Live");
        return dashboard;
    }

    private async Task<JsonElement> AskAsync(string route)
        => await _http.GetFromJsonAsync<JsonElement>(new Uri(Monitoring + route, UriKind.Relative));

    [GeneratedRegex("(src|href)=\"(?<path>[^\"]+\\.js)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scripts();

    // A page that reads, a user who is away, runs that work, wait and have stalled, failures, an alert by hand and a silence.
    private async Task PopulateAsync()
    {
        var chat = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        await Expect(chat.ConnectionState).ToContainTextAsync("Connected");
        using var away = new Publisher(Server.Address, "away");
        foreach (var publisher in new[] { _backend, away })
        {
            await publisher.PublishAllAsync(
            [
                publisher.Event("agent_started", """{"agent_name":"researcher"}"""),
                .. Enumerable.Range(0, 40).Select(i => publisher.Event("token", $$"""{"delta":"word {{i}} "}""")),
                publisher.Event("agent_started", """{"agent_name":"writer"}""", "r2"),
            ]);
        }

        await _backend.PublishAsync("run_waiting", """{"request_id":"q","kind":"approval","prompt":"Send the mail?"}""", "r2");
        await _backend.PublishAsync("tool_completed", """{"tool_name":"never began"}""");
        await away.PublishAsync("agent_started", """{"agent_name":"quiet","lease_ms":1000}""", "r3");
        using var raised = await _http.PostAsJsonAsync(
            Monitoring + "emergency/alert", new { title = "Rehearsal", message = "Nothing is wrong.", severity = "high", author = "ada" });
        raised.EnsureSuccessStatusCode();
        using var silenced = await _http.PostAsJsonAsync(
            Monitoring + "silences", new { rule = "canary_failed", comment = "while we deploy", author = "ada", duration_s = 3600 });
        silenced.EnsureSuccessStatusCode();
    }
}
