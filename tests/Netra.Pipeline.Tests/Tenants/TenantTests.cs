using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Tenants;

/// <summary>
/// Users of two tenants never meet (docs/protocol.md, section 12.5). All are called alike: <c>ada</c> of acme, of globex, and of nobody.
/// </summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class TenantTests(KindOfLog log)
{
    private static readonly string[] Tenants = ["acme", "globex", ""];

    private TokenIssuer _issuer = null!;
    private PipelineHost _host = null!;
    private string _admin = null!;
    private string _everywhere = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _issuer = TokenIssuer.Rsa();
        _host = await SecureClient.StartAsync(
            [.. _issuer.Settings(), ("Netra:Authentication:TenantClaim", "org"), ("Netra:Limits:MaxConnectionsPerTenant", "30")], log: log);
        _admin = _issuer.Good("admin", ["netra.configure"]);
        _everywhere = await _host.MakeKeyAsync(_admin, "everywhere", "publish read act");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        try
        {
            // Whatever a test has asked, no log line has the character that stands between the two inside.
            Assert.That(
                _host.Logs.Logs.Select(static line => line.Message).Where(static line => line.Contains('\u001F', StringComparison.Ordinal)),
                Is.Empty);
        }
        finally
        {
            await _host.DisposeAsync();
            _issuer.Dispose();
        }
    }

    [Test]
    public async Task Events_ForUsersOfOneName_ReachTheirOwnTenantsPagesAlone()
    {
        const string User = "same";
        await using var acme = await ConnectAsync("acme", User);
        await using var globex = await ConnectAsync("globex", User);
        await using var nobody = await ConnectAsync("", User);
        Assert.That(
            new[] { acme, globex, nobody }.Select(static page => (page.Welcome.TenantId, page.Welcome.UserId)),
            Is.EqualTo(new[] { ("acme", User), ("globex", User), ((string?)null, User) }));

        foreach (var tenant in Tenants)
        {
            await PublishAsync(_everywhere, tenant, User, $"for {tenant}");
            await PublishAsync(_everywhere, tenant, User, $"for {tenant} again");
        }

        foreach (var (page, tenant) in new[] { (acme, "acme"), (globex, "globex"), (nobody, "") })
        {
            var events = await page.ReadEventsAsync(2);
            Assert.That(events.Select(static one => one.Seq), Is.EqualTo(new[] { 1L, 2L }), "numbers of its own");
            Assert.That(
                events.Select(static one => one.Data.GetProperty("delta").GetString()),
                Is.EqualTo(new[] { $"for {tenant}", $"for {tenant} again" }));
        }
    }

    [Test]
    public async Task Names_ThatAreAmbiguousWhenJoined_AreTwoUsers()
    {
        await using var one = await ConnectAsync("a/b", "c");
        await using var other = await ConnectAsync("a", "b/c");
        await using var joined = await ConnectAsync("", "a/b/c");

        await PublishAsync(_everywhere, "a/b", "c", "one");
        await PublishAsync(_everywhere, "a", "b/c", "other");
        await PublishAsync(_everywhere, "", "a/b/c", "joined");

        foreach (var (page, text) in new[] { (one, "one"), (other, "other"), (joined, "joined") })
        {
            var first = (await page.ReadEventsAsync(1))[0];
            Assert.That((first.Seq, first.Data.GetProperty("delta").GetString()), Is.EqualTo((1L, text)));
        }
    }

    [Test]
    public async Task Key_OfATenant_IsForItsUsersAlone()
    {
        var key = await _host.MakeKeyAsync(_admin, "backend", "publish read connect", tenant: "acme");
        foreach (var tenant in Tenants)
        {
            await PublishAsync(_everywhere, tenant, "keyed", "x");
        }

        await PublishAsync(key, null, "keyed", "its own tenant is meant");
        await PublishAsync(key, "acme", "keyed", "by name");
        foreach (var tenant in (string[])["globex", ""])
        {
            Assert.That((await SendEventAsync(key, tenant, "keyed", "x")).Status, Is.EqualTo(HttpStatusCode.Forbidden), tenant);
            foreach (var path in (string[])["/v1/ledger?user_id=keyed&", "/v1/ledger?", "/v1/users/keyed/undelivered?",
                "/v1/dead-letters?user_id=keyed&", "/v1/dead-letters?", "/monitoring/websocket/users/keyed?",
                "/monitoring/websocket/metrics/users?", "/monitoring/websocket/metrics/tenants?"])
            {
                Assert.That((await GetAsync($"{path}tenant_id={tenant}", key)).Status, Is.EqualTo(HttpStatusCode.Forbidden), path + tenant);
            }

            var ticket = await _host.SendAsync(
                HttpMethod.Post, "/v1/tickets", key, $$"""{"user_id":"keyed","tenant_id":"{{tenant}}"}""");
            Assert.That(ticket.Status, Is.EqualTo(HttpStatusCode.Forbidden), tenant);
            var answer = await _host.SendAsync(
                HttpMethod.Post,
                "/v1/runs/answer",
                key,
                $$"""{"tenant_id":"{{tenant}}","user_id":"keyed","thread_id":"t","run_id":"r","request_id":"q","value":1}""");
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.Forbidden), tenant);
        }

        var undelivered = await GetAsync("/v1/users/keyed/undelivered", key);
        Assert.That(undelivered.Body.GetProperty("tenant_id").GetString(), Is.EqualTo("acme"));
        Assert.That(undelivered.Body.GetProperty("events").GetArrayLength(), Is.EqualTo(3));
        Assert.That(
            (await GetAsync("/v1/commands?subscribe=chat_message", key)).Status, Is.EqualTo(HttpStatusCode.Forbidden), "of all tenants");
    }

    [Test]
    public async Task Event_OfAnotherTenant_IsNotTraced()
    {
        var key = await _host.MakeKeyAsync(_admin, "tracer", "read", tenant: "globex");
        var (_, receipt) = await SendEventAsync(_everywhere, "acme", "traced", "x");
        var path = $"/v1/events/{receipt.GetProperty("id").GetString()}/trace";

        Assert.That((await GetAsync(path, key)).Status, Is.EqualTo(HttpStatusCode.NotFound));
        var trace = await GetAsync(path, _everywhere);
        Assert.That(
            (trace.Body.GetProperty("tenant_id").GetString(), trace.Body.GetProperty("user_id").GetString()),
            Is.EqualTo(("acme", "traced")));
    }

    [Test]
    public async Task Id_WithTheCharacterBetweenThemInside_IsRefusedEverywhere()
    {
        await PublishAsync(_everywhere, "acme", "inside", "x");

        foreach (var key in (string[])[_everywhere, await _host.MakeKeyAsync(_admin, "no-tenant", "publish read", tenant: "")])
        {
            Assert.That((await SendEventAsync(key, null, @"acme\u001finside", "x")).Status, Is.Not.EqualTo(HttpStatusCode.Accepted));
            foreach (var path in (string[])["/v1/ledger?user_id=acme%1Finside", "/v1/users/acme%1Finside/undelivered",
                "/v1/dead-letters?user_id=acme%1Finside", "/monitoring/websocket/users/acme%1Finside"])
            {
                Assert.That((await GetAsync(path, key)).Status, Is.EqualTo(HttpStatusCode.BadRequest), path);
            }
        }
    }

    [Test]
    public async Task Rights_OfATenant_AreNeverAboutTheWholeServer()
    {
        var refused = await _host.SendAsync(
            HttpMethod.Post, "/v1/keys", _admin, """{"name":"x","scopes":["view"],"tenant_id":"acme"}""");
        var token = Token("acme", "operator", "netra.configure", "netra.read");

        Assert.That(refused.Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(refused.Body.GetProperty("detail").GetString(), Does.Contain("view").And.Contain("acme"));
        Assert.That((await GetAsync("/v1/keys", token)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await GetAsync("/monitoring/websocket/alerts", token)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(
            (await _host.SendAsync(HttpMethod.Delete, "/v1/users/ada?tenant_id=acme", token)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await GetAsync("/v1/ledger?tenant_id=globex", token)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task Ledger_OfATenant_IsTheSumOfItsUsers()
    {
        var key = await _host.MakeKeyAsync(_admin, "accounts", "publish read", tenant: "summed");
        await using (var page = await ConnectAsync("summed", "u0"))
        {
            for (var i = 0; i < 6; i++)
            {
                await PublishAsync(key, null, $"u{i % 3}", "x");
            }

            await PublishAsync(_everywhere, "summed2", "u0", "another tenant's");
            await page.AckAsync((await page.ReadEventsAsync(2))[^1].Seq);
            await Eventually.BecomesTrueAsync(
                async () => (await GetAsync("/v1/ledger", key)).Body.GetProperty("acknowledged").GetInt64() == 2, "it is acknowledged");
        }

        var ledger = (await GetAsync("/v1/ledger", key)).Body;
        Assert.That(
            (Of("accepted"), Of("acknowledged"), Of("pending"), Of("unaccounted"), Of("streams")), Is.EqualTo((6L, 2L, 4L, 0L, 3L)));
        var figures = (await GetAsync("/monitoring/websocket/metrics/tenants", key)).Body.GetProperty("tenants");
        Assert.That(figures.GetArrayLength(), Is.EqualTo(1));
        Assert.That(
            (figures[0].GetProperty("tenant_id").GetString(), figures[0].GetProperty("users").GetInt64(),
                figures[0].GetProperty("accepted").GetInt64()),
            Is.EqualTo(("summed", 3L, 6L)));
        var users = (await GetAsync("/monitoring/websocket/metrics/users?limit=2", key)).Body;
        var rest = (await GetAsync(
            $"/monitoring/websocket/metrics/users?after={Uri.EscapeDataString(users.GetProperty("next").GetString()!)}", key)).Body;
        Assert.That(
            users.GetProperty("users").EnumerateArray().Concat(rest.GetProperty("users").EnumerateArray())
                .Select(static user => (user.GetProperty("tenant_id").GetString(), user.GetProperty("user_id").GetString())),
            Is.EqualTo(new[] { ("summed", "u0"), ("summed", "u1"), ("summed", "u2") }));

        long Of(string name) => ledger.GetProperty(name).GetInt64();
    }

    [Test]
    public async Task Keys_OfOneNameInTwoTenants_AreTwoPublishers()
    {
        const string Event =
            """{"user_id":"twice","thread_id":"t","run_id":"r","type":"token","data":{"delta":"x"},"idempotency_key":"once"}""";
        var (acme, again) = (await _host.MakeKeyAsync(_admin, "worker", "publish", tenant: "acme"),
            await _host.MakeKeyAsync(_admin, "worker", "publish", tenant: "acme"));
        var globex = await _host.MakeKeyAsync(_admin, "worker", "publish", tenant: "globex");

        var first = await _host.SendAsync(HttpMethod.Post, "/v1/events", acme, Event);
        var other = await _host.SendAsync(HttpMethod.Post, "/v1/events", globex, Event);
        var same = await _host.SendAsync(HttpMethod.Post, "/v1/events", again, Event);

        Assert.That(other.Status, Is.EqualTo(HttpStatusCode.Accepted), other.Body.ToString());
        Assert.That(other.Body.GetProperty("id").GetString(), Is.Not.EqualTo(first.Body.GetProperty("id").GetString()));
        Assert.That(same.Body.GetProperty("id").GetString(), Is.EqualTo(first.Body.GetProperty("id").GetString()));
    }

    [Test]
    public async Task Authenticate_ForTheSameNameInAnotherTenant_EndsTheConnection()
    {
        await using var page = await ConnectAsync("acme", "renewing");
        await page.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage(Token("acme", "renewing"), "a1")));
        Assert.That((await page.ReadAsync<AuthenticatedMessage>()).Id, Is.EqualTo("a1"));

        await page.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage(Token("globex", "renewing"), "a2")));

        Assert.That((await page.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4409));
    }

    [Test]
    public async Task Revoked_UserOfATenant_IsNoOtherTenants()
    {
        await using var acme = await ConnectAsync("acme", "revoked");
        await using var globex = await ConnectAsync("globex", "revoked");

        var (status, _, _) = await _host.SendAsync(
            HttpMethod.Post, "/v1/revocations", _admin, """{"user_id":"revoked","tenant_id":"acme"}""");

        Assert.That(status, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That((await acme.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403));
        await PublishAsync(_everywhere, "globex", "revoked", "still there");
        Assert.That((await globex.ReadEventsAsync(1))[0].Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Erased_UserOfATenant_IsNoOtherTenants()
    {
        var acme = await ConnectAsync("acme", "erased");
        await using var globex = await ConnectAsync("globex", "erased");
        await PublishAsync(_everywhere, "acme", "erased", "x");
        await PublishAsync(_everywhere, "globex", "erased", "x");

        var ending = acme.ReadToEndAsync();
        var (status, erased, _) = await _host.SendAsync(HttpMethod.Delete, "/v1/users/erased?tenant_id=acme", _admin);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), erased.ToString());
        Assert.That(erased.GetProperty("accepted").GetInt64(), Is.EqualTo(1));
        Assert.That((await ending).Status, Is.EqualTo((WebSocketCloseStatus)4404));
        await acme.DisposeAsync();
        Assert.That((await globex.ReadEventsAsync(1))[0].Seq, Is.EqualTo(1));
        Assert.That(
            (await GetAsync("/v1/users/erased/undelivered?tenant_id=globex", _everywhere)).Body.GetProperty("pending").GetInt64(),
            Is.EqualTo(1));
        Assert.That(
            (await GetAsync("/v1/users/erased/undelivered?tenant_id=acme", _everywhere)).Status, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Ticket_ForAUserOfATenant_ConnectsAsThatOne()
    {
        var key = await _host.MakeKeyAsync(_admin, "tickets", "connect", tenant: "acme");
        var (_, ticket, _) = await _host.SendAsync(HttpMethod.Post, "/v1/tickets", key, """{"user_id":"ticketed"}""");
        Assert.That(ticket.GetProperty("tenant_id").GetString(), Is.EqualTo("acme"));

        await using var page = await TestClient.ConnectAsync(
            new Uri($"ws://127.0.0.1:{_host.Port}/ws?ticket={ticket.GetProperty("ticket").GetString()}"));

        Assert.That((page.Welcome.TenantId, page.Welcome.UserId), Is.EqualTo(("acme", "ticketed")));
    }

    [Test]
    public async Task Threads_OfTheSameName_AreThoseOfTheCallersTenant()
    {
        await PublishAsync(_everywhere, "acme", "threaded", "acme's words");
        await PublishAsync(_everywhere, "globex", "threaded", "globex's words");

        var events = await GetAsync("/v1/threads/t1/events", Token("globex", "threaded"));

        Assert.That(events.Body.ToString(), Does.Contain("globex's words").And.Not.Contain("acme's"));
    }

    [TestCase("*")]
    [TestCase("$system")]
    [TestCase("a\u001Fb")]
    [TestCase(5)]
    public async Task Token_WhoseTenantIsNone_IsRefused(object tenant)
    {
        var token = _issuer.Issue(
            "ada", TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1), change: claims => claims["org"] = tenant);

        Assert.That((await GetAsync("/v1/threads", token)).Status, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Tenant_WithAsManyConnectionsAsItMay_IsNoOtherTenantsAffair()
    {
        var pages = new List<TestClient>();
        for (var i = 0; i < 30; i++)
        {
            pages.Add(await ConnectAsync("crowded", $"u{i}"));
        }

        Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync("crowded", "one-more"));
        var refused = await RefusedAsync(Token("crowded", "one-more"));
        await using var other = await ConnectAsync("roomy", "u0");
        await using var nobody = await ConnectAsync("", "crowded");
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }

        Assert.That(refused.Status, Is.EqualTo(503));
        Assert.That(refused.Body.GetProperty("detail").GetString(), Does.Contain("MaxConnectionsPerTenant").And.Contain("30"));
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    await using var back = await ConnectAsync("crowded", "one-more");
                    return true;
                }
                catch (WebSocketException)
                {
                    return false;
                }
            },
            "places are given back");
    }

    private string Token(string tenant, string user, params string[] roles) => _issuer.Issue(
        user,
        TimeProvider.System.GetUtcNow(),
        TimeSpan.FromHours(1),
        roles: roles,
        change: claims =>
        {
            if (tenant.Length > 0)
            {
                claims["org"] = tenant;
            }
        });

    private Task<TestClient> ConnectAsync(string tenant, string user) => _host.ConnectAsync(Token(tenant, user));

    private async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path, string credential)
    {
        var (status, body, _) = await _host.SendAsync(HttpMethod.Get, path, credential);
        return (status, body);
    }

    private async Task<(int Status, JsonElement Body)> RefusedAsync(string token)
    {
        await using var peer = await RawPeer.ConnectAsync(_host.Port);
        await peer.SendAsync(RawPeer.Handshake(
            string.Empty, fields: $"Authorization: Bearer {token}\r\n", requestLine: "GET /ws HTTP/1.1"));
        var response = (await peer.ReadResponseAsync())!;
        return (response.Status, JsonElement.Parse(response.Body));
    }

    private async Task PublishAsync(string credential, string? tenant, string user, string text)
    {
        var (status, body) = await SendEventAsync(credential, tenant, user, text);
        Assert.That((int)status, Is.InRange(201, 202), body.ToString());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendEventAsync(
        string credential, string? tenant, string user, string text)
    {
        var named = tenant is null ? null : $"\"tenant_id\":\"{tenant}\",";
        var (status, body, _) = await _host.SendAsync(
            HttpMethod.Post,
            "/v1/events",
            credential,
            $$$"""{{{{named}}}"user_id":"{{{user}}}","thread_id":"t1","run_id":"r1","type":"token","data":{"delta":"{{{text}}}"}}""");
        return (status, body);
    }
}
