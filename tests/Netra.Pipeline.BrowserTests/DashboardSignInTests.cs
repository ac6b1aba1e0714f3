using System.Net.Http.Headers;
using System.Net.Http.Json;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The dashboards outside of Development: an operator signs in, and sees no button that would be refused.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class DashboardSignInTests() : PageTests("environment=Production")
{
    private string _viewer = null!;
    private string _actor = null!;

    [Test]
    public async Task Operator_WhoMayOnlyView_SeesAlertsAndNoButtonsAndWhoMayActDoes()
    {
        using var http = new HttpClient
        {
            BaseAddress = Server.Address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _actor) },
        };
        using var raised = await http.PostAsJsonAsync(
            "/monitoring/websocket/emergency/alert", new { title = "Rehearsal", message = "Nothing is wrong.", severity = "high" });
        raised.EnsureSuccessStatusCode();
        var dashboard = await DashboardPage.OpenAsync(Context, Server.Address, "websocket_alerts?interval=1");
        await SignInAsync(dashboard, $"nk_{new string('x', 54)}");
        await Expect(dashboard.ById("sign-in-problem")).ToContainTextAsync("The API key is unknown");

        await SignInAsync(dashboard, _viewer);
        var alert = dashboard.Alert("emergency");
        await Expect(alert).ToContainTextAsync("firing");
        await Expect(alert.GetByRole(Microsoft.Playwright.AriaRole.Button)).ToHaveCountAsync(0);
        await Expect(dashboard.ById("verdict")).ToContainTextAsync("not act");

        // Who is no user has no chat, but finds back from there.
        await dashboard.Page.GotoAsync(Server.Address.AbsoluteUri);
        await dashboard.ById("dashboards").ClickAsync();
        await Expect(dashboard.ById("health")).ToContainTextAsync("The server is");

        await dashboard.Page.GotoAsync(new Uri(Server.Address, "dashboards/websocket_user_diagnostics").AbsoluteUri);
        await Expect(dashboard.SignIn).ToContainTextAsync("needs the right read");
        await SignInAsync(dashboard, _actor);
        await dashboard.Page.GotoAsync(new Uri(Server.Address, "dashboards/websocket_alerts?interval=1").AbsoluteUri);
        await alert.GetByTestId("acknowledge").ClickAsync();
        await Expect(alert.GetByTestId("acknowledged")).ToContainTextAsync("Taken by");

        await dashboard.ById("sign-out").ClickAsync();
        await Expect(dashboard.SignIn).ToBeVisibleAsync();
        await Expect(alert).ToHaveCountAsync(0);
    }

    protected override async Task PrepareAsync(string dataDirectory)
        => (_viewer, _actor) = (await MakeKeyAsync(dataDirectory, "viewer", "view"), await MakeKeyAsync(dataDirectory, "actor", "act"));

    private static async Task SignInAsync(DashboardPage dashboard, string key)
    {
        await dashboard.ById("key").FillAsync(key);
        await dashboard.Page.Keyboard.PressAsync("Enter");
    }

    private static async Task<string> MakeKeyAsync(string dataDirectory, string name, string scope)
        => (await ServerProcess.RunAsync(dataDirectory, "keys", "create", "--name", name, "--scope", scope)).Trim();
}
