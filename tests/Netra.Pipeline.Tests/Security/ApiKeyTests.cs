using System.Net;
using System.Text;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Security.SecureClient;

namespace Netra.Pipeline.Tests.Security;

/// <summary>API keys over HTTP: what they may, for whom, and how they end.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ApiKeyTests
{
    private TokenIssuer _issuer = null!;
    private PipelineHost _host = null!;
    private string _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _issuer = TokenIssuer.Rsa();
        _host = await SecureClient.StartAsync(_issuer.Settings());
        _admin = _issuer.Good("admin", ["netra.configure"]);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _issuer.Dispose();
    }

    [Test]
    public async Task Key_ForSomeUsers_PublishesAndReadsForNobodyElse()
    {
        var key = await _host.MakeKeyAsync(_admin, "team", "publish read connect", "team-*");

        Assert.That(await _host.PublishAsync(key, "team-ada"), Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(await _host.PublishAsync(key, "eve"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/users/team-ada/undelivered", key), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/users/eve/undelivered", key), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/ledger?user_id=team-ada", key), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/ledger", key), Is.EqualTo(HttpStatusCode.Forbidden), "of all users");
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/commands?subscribe=chat_message", key), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(
            await StatusAsync(HttpMethod.Post, "/v1/tickets", key, """{"user_id":"eve"}"""), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(
            await StatusAsync(
                HttpMethod.Post,
                "/v1/runs/answer",
                key,
                """{"user_id":"eve","thread_id":"t1","run_id":"r1","request_id":"q","value":true}"""),
            Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task Feed_OfAUserForACallerOfSomeUsers_ListsNobodyElse()
    {
        var own = await _host.MakeKeyAsync(_admin, "own", "publish");
        var key = await _host.MakeKeyAsync(_admin, "diagnosing", "view read", "dash-*");
        await _host.PublishAsync(own, "dash-ada");
        await _host.PublishAsync(own, "nobody-of-theirs");

        using var http = new HttpClient { BaseAddress = _host.HttpAddress };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var answer = await http.GetAsync(
            "/monitoring/websocket/dashboard/websocket_user_diagnostics/feed?user_id=dash-ada", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var state = string.Empty;
        while (!state.Contains("\"users\"", StringComparison.Ordinal) && await lines.ReadLineAsync() is { } line)
        {
            state = line;
        }

        Assert.That(state, Does.Contain("dash-ada").And.Not.Contain("nobody-of-theirs"));
    }

    [TestCase("application/json")]
    [TestCase("application/x-ndjson")]
    public async Task Result_TooLongAndOfAnotherUser_IsForbiddenAndToldToNobody(string mediaType)
    {
        var user = $"eve-{mediaType.Length}";
        var own = await _host.MakeKeyAsync(_admin, "own", "publish");
        var foreign = await _host.MakeKeyAsync(_admin, "foreign", "publish", "team-*");
        await using var eve = await _host.ConnectAsync(_issuer.Good(user));
        await PostAsync(own, Of("agent_started", """{"agent_name":"a"}"""));
        await PostAsync(own, Of("tool_executing", """{"tool_name":"search","call_id":"c1"}"""));

        var result = new string('x', 1024 * 1024);
        var refused = await PostAsync(
            foreign, Of("tool_completed", $$"""{"tool_name":"search","call_id":"c1","result":"{{result}}"}"""), mediaType);
        Assert.That(refused, Does.Contain("\"forbidden\""));

        Assert.That(await PostAsync(own, Of("token", """{"delta":"x"}""")), Does.Contain("\"seq\":3"));
        Assert.That((await eve.ReadEventsAsync(3)).Select(static e => e.Type), Does.Not.Contain("tool_completed"));

        string Of(string type, string data)
            => $$"""{"user_id":"{{user}}","thread_id":"t1","run_id":"r1","type":"{{type}}","data":{{data}}}""";

        async Task<string> PostAsync(string key, string json, string type = "application/json")
        {
            using var http = new HttpClient { BaseAddress = _host.HttpAddress };
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            using var body = new StringContent(json, Encoding.UTF8, type);
            using var answer = await http.PostAsync("/v1/events", body);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Test]
    public async Task Key_ForSomeUsers_IsShownNoOthersOnADashboard()
    {
        const string Dashboard = "/monitoring/websocket/dashboard/websocket_user_diagnostics";
        var publisher = await _host.MakeKeyAsync(_admin, "desks", "publish");
        var (one, all) = (
            await _host.MakeKeyAsync(_admin, "desk", "view read", "desk-*"), await _host.MakeKeyAsync(_admin, "every-desk", "view read"));
        Assert.That(await _host.PublishAsync(publisher, "desk-ada"), Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(await _host.PublishAsync(publisher, "shop-eve"), Is.EqualTo(HttpStatusCode.Accepted));
        await Eventually.BecomesTrueAsync(
            async () => (await UsersAsync(all)).IsSupersetOf(["desk-ada", "shop-eve"]), "there are figures of both");

        Assert.That(await UsersAsync(one), Is.EqualTo(new[] { "desk-ada" }));
        Assert.That(await StatusAsync(HttpMethod.Get, Dashboard, one), Is.EqualTo(HttpStatusCode.Forbidden), "of all users");

        async ValueTask<HashSet<string>> UsersAsync(string key)
        {
            var (_, body, _) = await _host.SendAsync(HttpMethod.Get, $"{Dashboard}?user_id=desk-ada", key);
            return [.. body.GetProperty("users").EnumerateArray().Select(static user => user.GetProperty("user_id").GetString()!)];
        }
    }

    [Test]
    public async Task Lines_ForUsersOfOthers_AreRejectedAndTheRestIsTaken()
    {
        var key = await _host.MakeKeyAsync(_admin, "lines", "publish", "lines-*");
        using var http = new HttpClient { BaseAddress = _host.HttpAddress };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var body = new StringContent(
            $"{EventOf("lines-ada")}\n{EventOf("eve")}\n{EventOf("lines-ada")}\n", Encoding.UTF8, "application/x-ndjson");

        var answers = (await (await http.PostAsync("/v1/events", body)).Content.ReadAsStringAsync())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.That(answers, Has.Length.EqualTo(3));
        Assert.That(answers[0], Does.Contain("\"seq\":1"));
        Assert.That(answers[1], Does.Contain("\"rejected\"").And.Contain("\"forbidden\""));
        Assert.That(answers[2], Does.Contain("\"seq\":2"));
    }

    [Test]
    public async Task Key_Rotated_IsTheSamePublisherAndLosesNothing()
    {
        var old = await _host.MakeKeyAsync(_admin, "rotating", "publish");
        var next = await _host.MakeKeyAsync(_admin, "rotating", "publish");
        const string Json =
            """{"user_id":"rot","thread_id":"t1","run_id":"r1","type":"token","data":{"delta":"x"},"idempotency_key":"once"}""";

        var (_, first, _) = await _host.SendAsync(HttpMethod.Post, "/v1/events", old, Json);
        Assert.That(await StatusAsync(HttpMethod.Delete, $"/v1/keys/{ApiKey.IdOf(old)}", _admin), Is.EqualTo(HttpStatusCode.NoContent));
        var (status, second, _) = await _host.SendAsync(HttpMethod.Post, "/v1/events", next, Json);

        Assert.That(status, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(second.GetProperty("id").GetString(), Is.EqualTo(first.GetProperty("id").GetString()), "its keys are the publisher's");
        Assert.That(await _host.PublishAsync(old, "rot"), Is.EqualTo(HttpStatusCode.Unauthorized), "at once");
    }

    [Test]
    public async Task Request_OfARevokedKey_EndsProperlyWithItsReceipts()
    {
        var key = await _host.MakeKeyAsync(_admin, "long", "publish");
        await using var lines = await PublishLines.OpenAsync(_host, $"Authorization: Bearer {key}\r\n");
        await lines.SendAsync(EventOf("longuser"));
        Assert.That((await lines.ReadAsync())!.Value.GetProperty("seq").GetInt64(), Is.EqualTo(1));

        await StatusAsync(HttpMethod.Delete, $"/v1/keys/{ApiKey.IdOf(key)}", _admin);

        Assert.That(await lines.ReadAsync(), Is.Null);
        Assert.That(lines.HasEnded, "the answer ends as an answer should");
    }

    [Test]
    public async Task Key_AsItIsListed_IsNotTold()
    {
        var key = await _host.MakeKeyAsync(_admin, "listed", "view");
        var (_, list, _) = await _host.SendAsync(HttpMethod.Get, "/v1/keys", _admin);

        Assert.That(list.ToString(), Does.Contain(ApiKey.IdOf(key)).And.Not.Contain(key[15..]));
        Assert.That(
            _host.Logs.Logs.Select(static line => line.Message).Where(line => line.Contains(key, StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("""{"name":"x y","scopes":["publish"]}""", "name")]
    [TestCase("""{"name":"x","scopes":["all"]}""", "scopes")]
    [TestCase("""{"name":"x","scopes":[]}""", "scopes")]
    [TestCase("""{"name":"x","scopes":["publish"],"users":"a*b"}""", "users")]
    [TestCase("""{"name":"x","scopes":["publish"],"expires_in_s":1}""", "expires_in_s")]
    [TestCase("""{"scopes":["publish"]}""", "name")]
    public async Task Key_AskedForBadly_IsRefusedByName(string json, string member)
    {
        var (status, body, _) = await _host.SendAsync(HttpMethod.Post, "/v1/keys", _admin, json);

        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain(member));
    }

    // Each right, and what it may not.
    [TestCase("publish", "/v1/ledger", false)]
    [TestCase("read", "/v1/ledger", true)]
    [TestCase("read", "/v1/dead-letters", true)]
    [TestCase("read", "/monitoring/websocket/alerts", false)]
    [TestCase("read", "/monitoring/websocket/dashboard/websocket_user_diagnostics", false)]
    [TestCase("view", "/monitoring/websocket/alerts", true)]
    [TestCase("view", "/monitoring/websocket/system/status", true)]
    [TestCase("view", "/v1/ledger", false)]
    [TestCase("view", "/monitoring/websocket/metrics/users", false)]
    [TestCase("view", "/monitoring/websocket/dashboard/websocket_user_diagnostics", false)]
    [TestCase("view read", "/monitoring/websocket/dashboard/websocket_user_diagnostics", true)]
    [TestCase("view", "/v1/keys", false)]
    [TestCase("act", "/v1/keys", false)]
    [TestCase("act", "/monitoring/websocket/alerts", true)]
    [TestCase("configure", "/v1/keys", true)]
    [TestCase("configure", "/v1/ledger", false)]
    [TestCase("connect", "/monitoring/websocket/alerts", false)]
    public async Task Key_WithARight_MayWhatThatIsForAndNoMore(string scopes, string path, bool may)
    {
        var key = await _host.MakeKeyAsync(_admin, "rights", scopes);

        Assert.That(await StatusAsync(HttpMethod.Get, path, key), Is.EqualTo(may ? HttpStatusCode.OK : HttpStatusCode.Forbidden));
    }

    [TestCase("view", "POST", "/monitoring/websocket/alerts/x/acknowledge", "act")]
    [TestCase("view", "POST", "/monitoring/websocket/silences", "act")]
    [TestCase("view", "PUT", "/monitoring/websocket/emergency/mode", "act")]
    [TestCase("read", "POST", "/v1/dead-letters/1/replay", "act")]
    [TestCase("act", "PUT", "/monitoring/websocket/escalation-policy", "configure")]
    [TestCase("act", "POST", "/v1/keys", "configure")]
    [TestCase("act", "DELETE", "/v1/keys/x", "configure")]
    [TestCase("act", "POST", "/v1/revocations", "configure")]
    public async Task Change_WithoutItsRight_IsForbiddenAndSaysWhichRight(string scope, string method, string path, string lacks)
    {
        var key = await _host.MakeKeyAsync(_admin, "changes", scope);
        var (status, body, _) = await _host.SendAsync(new HttpMethod(method), path, key, "{}");

        Assert.That(status, Is.EqualTo(HttpStatusCode.Forbidden), path);
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain($"'{lacks}'"));
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string credential, string? json = null)
        => (await _host.SendAsync(method, path, credential, json)).Status;
}
