using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Signing in at a provider of another site, and as a user of a tenant.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class OpenIdSignInTests() : PageTests("environment=Production", "Netra:Authentication:TenantClaim=org")
{
    private OpenIdProvider _provider = null!;
    private string _key = null!;

    protected override IEnumerable<string> MoreSettings =>
    [
        $"Netra:Authentication:Authority={_provider.Address}",
        $"Netra:Authentication:Audience={OpenIdProvider.ClientId}",
        $"Netra:Authentication:ClientId={OpenIdProvider.ClientId}",
    ];

    [OneTimeTearDown]
    public async Task StopProvider() => await _provider.DisposeAsync();

    [Test]
    public async Task ChatPage_SignedInAtAProvider_ChatsAsThatTenantsUserAndNobodyElse()
    {
        var page = await ChatPage.OpenAsync(Context, Server.Address);
        await SignInAsync(page, UserId, "acme");
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await Expect(page.User).ToHaveTextAsync($"{UserId} (acme)");
        using var backend = new Publisher(Server.Address, UserId, _key);
        await backend.PublishAsync("agent_started", """{"agent_name":"elsewhere"}""", tenantId: "globex");
        await backend.PublishAsync("agent_started", """{"agent_name":"backend"}""", tenantId: "acme");
        await backend.PublishAsync("token", """{"delta":"For you alone"}""", tenantId: "acme");

        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("For you alone");
        await Expect(page.Runs).ToHaveCountAsync(1);
        await page.ShootAsync("tenant");

        // The same name at another company is somebody else: what was on the screen is not theirs.
        await page.SignOut.ClickAsync();
        await SignInAsync(page, UserId, "globex");
        await Expect(page.User).ToHaveTextAsync($"{UserId} (globex)");
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await Expect(run.Answer).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    protected override async Task PrepareAsync(string dataDirectory)
    {
        _provider = await OpenIdProvider.StartAsync();
        _key = (await ServerProcess.RunAsync(dataDirectory, "keys", "create", "--name", "backend", "--scope", "publish")).Trim();
    }

    private static async Task SignInAsync(ChatPage page, string user, string company)
    {
        await page.SignInAtProvider.ClickAsync();
        await page.AtProvider.GetByLabel("Name").FillAsync(user);
        await page.AtProvider.GetByLabel("Company").FillAsync(company);
        await page.AtProvider.GetByRole(AriaRole.Button).ClickAsync();
    }
}
