using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Server.SignIn;

/// <summary>Signing in to the pages of the real server process, outside of Development.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SessionTests
{
    [Test]
    public async Task Session_OfAKey_ConnectsOperatesAndEndsWithTheKey()
    {
        await using var folder = new ServerFolder();
        var key = await MakeKeyAsync(folder, "--scope", "connect", "--scope", "view");
        var other = await MakeKeyAsync(folder, "--scope", "publish");
        await using var server = ServerProcess.Start("Production", folder.Argument);
        var address = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}");
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = address };

        Assert.That((await DescribeAsync(browser)).TryGetProperty("user_id", out _), Is.False);
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/tickets"), Is.EqualTo(HttpStatusCode.Unauthorized));
        using var signedIn = await browser.PostAsJsonAsync("/v1/session", new { key, user_id = "ada" });
        Assert.That(signedIn.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(
            signedIn.Headers.GetValues("Set-Cookie").Single(),
            Does.Contain("httponly").IgnoreCase.And.Contain("samesite=strict").IgnoreCase.And.Not.Contain(key));
        var session = await DescribeAsync(browser);
        Assert.That(session.GetProperty("user_id").GetString(), Is.EqualTo("ada"));
        Assert.That(session.GetProperty("roles")[0].GetString(), Is.EqualTo("view"));
        Assert.That(session.GetProperty("development").GetBoolean(), Is.False);

        using var answer = await browser.PostAsync("/v1/tickets", content: null);
        var ticket = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ticket").GetString();
        await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{address.Port}/ws?ticket={ticket}"));
        Assert.That(page.Welcome.UserId, Is.EqualTo("ada"));
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/monitoring/websocket/alerts"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/keys"), Is.EqualTo(HttpStatusCode.Forbidden));

        using var wrong = await browser.PostAsJsonAsync("/v1/session", new { key = other, user_id = "ada" });
        Assert.That(wrong.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden), "it may not connect");
        using var unknown = await browser.PostAsJsonAsync("/v1/session", new { key = other[..^1] + "_", user_id = "ada" });
        Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));

        await ServerProcess.PrintedByAsync("keys", "revoke", ApiKey.IdOf(key)!, folder.Argument);
        await Eventually.BecomesTrueAsync(
            async () => await StatusAsync(browser, HttpMethod.Get, "/monitoring/websocket/alerts") == HttpStatusCode.Unauthorized,
            "the session ended with its key");
        Assert.That((await page.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403), "and so did what it had opened");
        Assert.That(server.Output, Does.Not.Contain(key).And.Not.Contain(ticket));
    }

    [Test]
    public async Task Session_OfAnOperator_ConnectsAsNobodyAndSignsOut()
    {
        await using var folder = new ServerFolder();
        var key = await MakeKeyAsync(folder, "--scope", "configure");
        await using var server = ServerProcess.Start("Production", folder.Argument);
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}"),
        };

        using var signedIn = await browser.PostAsJsonAsync("/v1/session", new { key });
        Assert.That(signedIn.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/v1/keys"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/tickets"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/v1/threads"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await StatusAsync(browser, HttpMethod.Delete, "/v1/session"), Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/v1/keys"), Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Session_OfAProvider_IsGotByTheCodeFlow()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var provider = await KeyProvider.StartAsync(issuer);
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start(
            "Production",
            [
                folder.Argument,
                .. provider.Settings(isDiscovered: true).Select(static setting => $"--{setting.Key}={setting.Value}"),
                $"--Netra:Authentication:ClientId={TokenIssuer.Audience}",
                "--Netra:Authentication:ClientSecret=confidential",
            ]);
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}"),
        };

        using var challenge = await browser.GetAsync("/v1/session/openid");
        Assert.That(challenge.StatusCode, Is.EqualTo(HttpStatusCode.Found));
        var returnTo = provider.Authorize(challenge.Headers.Location!, "ada", ["netra.view"]);
        using var back = await browser.GetAsync(returnTo);
        Assert.That(back.Headers.Location?.ToString(), Is.EqualTo("/"), server.Output);

        var session = await DescribeAsync(browser);
        Assert.That(session.GetProperty("user_id").GetString(), Is.EqualTo("ada"));
        Assert.That(session.GetProperty("roles")[0].GetString(), Is.EqualTo("view"));
        Assert.That(session.GetProperty("expires_in_ms").GetInt64(), Is.InRange(11 * 3_600_000, 12 * 3_600_000), "its own end");
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/tickets"), Is.EqualTo(HttpStatusCode.Created));
        using var forged = await browser.GetAsync("/signin-oidc?code=x&state=y");
        Assert.That(forged.Headers.Location?.ToString(), Is.EqualTo("/?sign_in=failed"));
        await Eventually.BecomesTrueAsync(
            () => server.Output.Contains("could not sign in", StringComparison.Ordinal), "it is in the audit");
        Assert.That(server.Output, Does.Not.Contain("confidential"));
    }

    [Test]
    public async Task Session_OfAProviderThatCannotBeAsked_LeadsBackToThePage()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var provider = await KeyProvider.StartAsync(issuer);
        provider.IsOut = true;
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start(
            "Production",
            [
                folder.Argument,
                .. provider.Settings(isDiscovered: true).Select(static setting => $"--{setting.Key}={setting.Value}"),
                $"--Netra:Authentication:ClientId={TokenIssuer.Audience}",
            ]);
        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}"),
        };

        using var challenge = await browser.GetAsync("/v1/session/openid");

        Assert.That(challenge.Headers.Location?.ToString(), Is.EqualTo("/?sign_in=failed"), server.Output);
    }

    [Test]
    public async Task Session_OfAKey_IsForItsUsersAndAPublisherOfItsOwnUnderWhateverClaims()
    {
        await using var folder = new ServerFolder();
        var key = await MakeKeyAsync(folder, "--scope", "connect", "--scope", "publish", "--scope", "view");
        var ofTeam = await MakeKeyAsync(folder, "--scope", "configure", "--users", "team-*");
        await using var server = ServerProcess.Start(
            "Production", folder.Argument, "--Netra:Authentication:UserClaim=email", "--Netra:Authentication:RolesClaim=groups");
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}"),
        };

        await SignInAsync(new { key, user_id = "ada" });
        Assert.That((await DescribeAsync(browser)).GetProperty("user_id").GetString(), Is.EqualTo("ada"));
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/tickets"), Is.EqualTo(HttpStatusCode.Created));
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/monitoring/websocket/alerts"), Is.EqualTo(HttpStatusCode.OK));

        await SignInAsync(new { key, user_id = "ada", tenant_id = "acme" });
        Assert.That(
            (await DescribeAsync(browser)).GetProperty("roles").EnumerateArray().Select(static role => role.GetString()),
            Is.EqualTo(new[] { "publish" }),
            "figures of the whole server are no tenant's");
        Assert.That(await StatusAsync(browser, HttpMethod.Get, "/v1/keys"), Is.EqualTo(HttpStatusCode.Forbidden));
        await Eventually.BecomesTrueAsync(
            () => server.Output.Contains("by acme/ada", StringComparison.Ordinal), "not the publisher that is called ada elsewhere");

        await SignInAsync(new { key, user_id = "key:backend" });
        Assert.That(
            await StatusAsync(browser, HttpMethod.Post, "/v1/events"), Is.EqualTo(HttpStatusCode.Unauthorized), "another key's publisher");

        await SignInAsync(new { key = ofTeam });
        Assert.That(await StatusAsync(browser, HttpMethod.Delete, "/v1/users/bob"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await StatusAsync(browser, HttpMethod.Delete, "/v1/users/team-ada"), Is.EqualTo(HttpStatusCode.OK));

        async Task SignInAsync(object body)
        {
            using var signedIn = await browser.PostAsJsonAsync("/v1/session", body);
            Assert.That(signedIn.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }
    }

    [Test]
    public async Task Session_OfAnErasedUser_EndsWithAllElseThatWasIssued()
    {
        const string User = "ada-unforgettable-7f31";
        await using var folder = new ServerFolder();
        var operating = await MakeKeyAsync(folder, "--scope", "configure");
        var connecting = await MakeKeyAsync(folder, "--scope", "connect");
        var own = await MakeKeyAsync(folder, "--scope", "connect", "--users", User);
        await using var server = ServerProcess.Start("Production", folder.Argument);
        var address = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}");
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = address };
        using var admin = new HttpClient { BaseAddress = address };
        admin.DefaultRequestHeaders.Authorization = new("Bearer", operating);
        using var signedIn = await browser.PostAsJsonAsync("/v1/session", new { key = connecting, user_id = User });
        using var answer = await browser.PostAsync("/v1/tickets", content: null);
        var ticket = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ticket").GetString();

        Assert.That(await StatusAsync(admin, HttpMethod.Delete, $"/v1/users/{User}"), Is.EqualTo(HttpStatusCode.OK));

        Assert.That((await DescribeAsync(browser)).TryGetProperty("user_id", out _), Is.False);
        Assert.That(await StatusAsync(browser, HttpMethod.Post, "/v1/tickets"), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(
            async () => await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{address.Port}/ws?ticket={ticket}")), Throws.Exception);
        using var withKey = await browser.PostAsJsonAsync("/v1/session", new { key = own, user_id = User });
        Assert.That(withKey.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), "the key was the user's alone");
        using var revoked = await admin.PostAsJsonAsync("/v1/revocations", new { user_id = User });
        Assert.That(revoked.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await StatusAsync(admin, HttpMethod.Delete, $"/v1/users/{User}"), Is.EqualTo(HttpStatusCode.OK));
        foreach (var file in Directory.EnumerateFiles(folder.Argument.Split('=')[1], "*", SearchOption.AllDirectories)
            .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            Assert.That(System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), Does.Not.Contain(User), file);
        }

        // Who comes back is a new user; what is issued in the second of the erasure is the old one's.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                using var anew = await browser.PostAsJsonAsync("/v1/session", new { key = connecting, user_id = User });
                return await StatusAsync(browser, HttpMethod.Post, "/v1/tickets") == HttpStatusCode.Created;
            },
            "the user can come back");
        string[] audit =
        [
            $"EraseUser of user_id {User} was answered with 200", "of test is revoked", $"The credentials of user {User} were revoked",
        ];
        await Eventually.BecomesTrueAsync(
            () => Array.TrueForAll(audit, line => server.Output.Contains(line, StringComparison.Ordinal)), "it is in the audit");
    }

    private static async Task<JsonElement> DescribeAsync(HttpClient browser) => await browser.GetFromJsonAsync<JsonElement>("/v1/session");

    private static async Task<HttpStatusCode> StatusAsync(HttpClient browser, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using var response = await browser.SendAsync(request);
        return response.StatusCode;
    }

    private static Task<string> MakeKeyAsync(ServerFolder folder, params string[] scopes)
        => ServerProcess.PrintedByAsync(["keys", "create", "--name", "test", .. scopes, folder.Argument]);
}
