using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The page outside of Development: somebody signs in, connects by tickets, and loses their session.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class SignInTests() : PageTests("environment=Production", "Netra:Connections:ExpiryNotice=00:00:58")
{

    private string _key = null!;
    private HttpClient _operator = null!;
    private Publisher _backend = null!;

    [SetUp]
    public void MakeBackend()
    {
        _operator = new HttpClient
        {
            BaseAddress = Server.Address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _key) },
        };
        _backend = new Publisher(Server.Address, UserId, _key);
    }

    [TearDown]
    public void DisposeBackend()
    {
        _operator.Dispose();
        _backend.Dispose();
    }

    [Test]
    public async Task ChatPage_SignedInWithAKey_ShowsARunThatGoesOnAfterTheServerWasKilled()
    {
        var page = await ChatPage.OpenAsync(Context, Server.Address);
        await Expect(page.SignIn).ToBeVisibleAsync();
        Assert.That(await Look.FaultsAsync(page.Browser, "sign-in"), Is.Empty);
        await page.SignInAsync(UserId, $"nk_{new string('x', 54)}");
        await Expect(page.SignInProblem).ToContainTextAsync("The API key is unknown");
        await page.ShootAsync("refused");
        await page.SignInAsync(UserId, _key);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await Expect(page.SignIn).ToHaveCountAsync(0);
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("token", """{"delta":"The beginning"}""");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("The beginning");

        var address = Server.Address;
        await Server.DisposeAsync();
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        await StartServerAsync(address);
        await _backend.PublishAsync("token", """{"delta":" and the end"}""");
        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");

        await Expect(run.Status).ToContainTextAsync("Done");
        await Expect(run.Answer).ToHaveTextAsync("The beginning and the end");
        await Expect(run.Missing).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
        await page.ShootAsync("done");
    }

    [Test]
    public async Task ChatPage_SessionAboutToEnd_GoesOnInTheSameConnectionAfterSigningInAgain()
    {
        using var answer = await _operator.PostAsJsonAsync(
            "/v1/keys", new { name = "short", scopes = new[] { "connect" }, expires_in_s = 60 });
        var shortKey = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        var page = await ChatPage.OpenAsync(Context, Server.Address);
        var frames = page.RecordFrames();
        await page.SignInAsync(UserId, shortKey);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await page.Composer.FillAsync("What I am typing");
        await Expect(page.SignInReason).ToContainTextAsync("about to end");
        await Expect(page.Composer).ToBeFocusedAsync();
        await page.ShootAsync("ending");

        await page.SignInAsync(UserId, _key);

        await Expect(page.SignIn).ToHaveCountAsync(0);
        Assert.That(
            () => frames.OfType("authenticated").Any(static message => message.GetProperty("expires_in_ms").GetInt64() > 60_000),
            Is.True.After(30_000, 50));
        await Expect(page.Composer).ToHaveValueAsync("What I am typing");
        Assert.That(frames.Sockets, Is.EqualTo(1));
        Assert.That(frames.OfType("authenticated"), Has.Count.EqualTo(2), "one that won no time, and one that did");
    }

    [Test]
    public async Task ChatPage_UserRevoked_AsksToSignInBesideWhatIsOnTheScreenAndForgetsItWithTheSignOut()
    {
        var page = await ChatPage.OpenAsync(Context, Server.Address);
        await page.SignInAsync(UserId, _key);
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("token", """{"delta":"Half"}""");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("Half");
        await page.Composer.FillAsync("What I am typing");

        using var revoked = await _operator.PostAsJsonAsync("/v1/revocations", new { user_id = UserId });
        revoked.EnsureSuccessStatusCode();

        await Expect(page.SignInReason).ToContainTextAsync("Your access was revoked");
        await Expect(run.Answer).ToHaveTextAsync("Half");
        await Expect(page.Composer).ToHaveValueAsync("What I am typing");
        await page.ShootAsync("revoked");

        // A session knows the second in which it began, and what began by the time of a revocation is revoked.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await page.SignInAsync(UserId, _key);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await _backend.PublishAsync("token", """{"delta":" and half"}""");
        await Expect(run.Answer).ToHaveTextAsync("Half and half");
        await Expect(page.Composer).ToHaveValueAsync("What I am typing");

        await page.SignOut.ClickAsync();
        await Expect(page.SignIn).ToBeVisibleAsync();
        await Expect(page.Runs).ToHaveCountAsync(0);
        await Expect(page.Composer).ToHaveCountAsync(0);
    }

    protected override async Task PrepareAsync(string dataDirectory)
        => _key = (await ServerProcess.RunAsync(
            dataDirectory,
            "keys", "create", "--name", "page", "--scope", "connect", "--scope", "publish", "--scope", "configure")).Trim();
}
