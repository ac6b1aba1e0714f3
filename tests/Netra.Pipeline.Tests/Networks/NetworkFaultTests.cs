using System.Net;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Networks;

/// <summary>
/// The real server and its pages in network namespaces of their own, and a wire between them that is slow, loses packets, or is cut, in one
/// direction or in both. Nothing is lost, doubled or out of order; the connection ends with the reason that is documented; publishers are
/// told; every event is accounted for. <c>NETRA_NETWORK_SECONDS</c> cuts it for longer, with default options.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
[Platform("Linux")]
internal sealed class NetworkFaultTests
{
    private const string Secret = "a secret of a test, and of nothing else at all";
    private static readonly string[] Rights = ["netra.publish", "netra.read", "netra.view"];

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(ChaosSettings.Read("NETRA_NETWORK_SECONDS", 0));

    private readonly TokenIssuer _tokens = TokenIssuer.OfSecret(Secret);
    private RelayedNetwork _network = null!;
    private ServerFolder _folder = null!;
    private ServerProcess _server = null!;
    private Uri _address = null!;
    private HttpMessageInvoker _pages = null!;
    private HttpClient _beside = null!;
    private HttpClient _away = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _network = new RelayedNetwork();
        _folder = new ServerFolder();

        // Short, and yet longer than what a busy machine makes of a cut of half a second.
        string[] shortPings =
            ["--Netra:Connections:PingInterval=00:00:01", "--Netra:Connections:PingTimeout=00:00:04"];
        _server = ServerProcess.Start(
            [.. _network.Server.Command, "dotnet", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll")],
            "Production",
            [],
            [
                $"--urls=http://{_network.Server.Address}:0",
                _folder.Argument,
                "--Netra:Logging:Format=text",
                .. Length > TimeSpan.Zero ? [] : shortPings,
                .. _tokens.Settings(Secret).Select(static setting => $"--{setting.Key}={setting.Value}"),
            ]);
        _address = new Uri($"http://{_network.Server.Address}:{await _server.WhenListeningAsync()}");
        _pages = _network.Client.CreateInvoker();
        _beside = ClientOf(_network.Server);
        _away = ClientOf(_network.Client);
        await Eventually.BecomesTrueAsync(
            async () => (await _beside.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode, "the server is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            await _folder.DisposeAsync();
            _pages.Dispose();
            _beside.Dispose();
            _away.Dispose();
            await _network.DisposeAsync();
        }

        _tokens.Dispose();
    }

    [TearDown]
    public void Mend()
    {
        _network?.Cut(false);
        _network?.Set(TimeSpan.Zero, 0);
    }

    [Test]
    public async Task Wire_SlowAndLossy_DeliversAllInOrder()
    {
        const int Events = 60;
        await using var page = await OpenAsync("lossy");
        _network.Set(TimeSpan.FromMilliseconds(40), 0.05);

        await PublishRunAsync("lossy", "r1", Events);

        await ShouldHaveAllAsync(page, "lossy", Events);
        Assert.That(page.HasEnded, Is.False);
        Assert.That(_network.ToClient.Dropped + _network.ToServer.Dropped, Is.Positive, "packets were lost");
    }

    [Test]
    public async Task Wire_CutForLessThanThePings_EndsNobody()
    {
        await using var page = await OpenAsync("brief");
        _network.Cut(true);

        await PublishRunAsync("brief", "r1", 3);
        await PassAsync(TimeSpan.FromMilliseconds(500));
        _network.Cut(false);

        await ShouldHaveAllAsync(page, "brief", 3);
        Assert.That(page.HasEnded, Is.False);
    }

    // What is published meanwhile is in the queue of a device that nobody has missed yet, and then it is stored for later: so it is told.
    [Test]
    public async Task Wire_Cut_EndsThePageStoresWhatIsPublishedAndReplaysIt()
    {
        await using var page = await OpenAsync("parted");
        await PublishRunAsync("parted", "r1", 3);
        await ShouldHaveAllAsync(page, "parted", 3);

        _network.Cut(true);
        Assert.That(await PublishAsync("parted", "agent_started", "r2"), Is.EqualTo((HttpStatusCode.Created, "queued")));
        await ShouldEndAsync(page, "ping_timeout");
        await PassAsync(Length);
        Assert.That(await PublishAsync("parted", "token", "r2"), Is.EqualTo((HttpStatusCode.Accepted, "stored")));
        Assert.That(await PublishAsync("parted", "agent_completed", "r2"), Is.EqualTo((HttpStatusCode.Accepted, "stored")));
        var undelivered = await AskAsync("/v1/users/parted/undelivered");
        Assert.That(undelivered.GetProperty("pending").GetInt64(), Is.EqualTo(3));

        _network.Cut(false);
        if (Length == TimeSpan.Zero)
        {
            // After minutes TCP itself tries again only after minutes, and a page comes again by its own clock.
            await page.SpeakAsync();
            await Eventually.BecomesTrueAsync(() => page.HasEnded, "the page hears that its connection is no more");
        }

        await using var again = await page.ResumeAsync(_address, _tokens.Good("parted"), _pages);
        Assert.That(again.Welcome.Resumed, Is.True);
        await ShouldHaveAllAsync(again, "parted", 6);
    }

    // The page hears everything, and nobody hears the page.
    [Test]
    public async Task Wire_CutInOneDirection_EndsThePageThatIsNotHeard()
    {
        await using var page = await OpenAsync("unheard");
        _network.ToServer.IsCut = true;

        await ShouldEndAsync(page, "ping_timeout");
        await PassAsync(Length);
        await PublishRunAsync("unheard", "r1", 2);
        _network.ToServer.IsCut = false;

        await page.SpeakAsync();
        await Eventually.BecomesTrueAsync(() => page.HasEnded, "the page hears that its connection is no more");
        await using var again = await OpenAsync("unheard");
        await ShouldHaveAllAsync(again, "unheard", 2);
    }

    // A publisher whose answer does not come asks again under its key.
    [Test]
    public async Task Wire_CutBeforeTheAnswer_LetsThePublisherAskAgain()
    {
        var line = """{"user_id":"keyed","thread_id":"t1","type":"custom","data":{"name":"n","value":1}}""".WithKey("k1");
        Assert.That((await _away.GetAsync(new Uri("/livez", UriKind.Relative))).IsSuccessStatusCode, Is.True);
        _network.ToClient.IsCut = true;
        using (var asking = new CancellationTokenSource())
        {
            // On the connection that is there already: only the answer is lost.
            var asked = _away.PublishExactlyAsync(line, asking.Token);
            await Eventually.BecomesTrueAsync(async () => await IsKnownAsync("keyed"), "the server has taken it");
            await asking.CancelAsync();
            Assert.That(async () => await asked, Throws.InstanceOf<OperationCanceledException>());
        }

        _network.ToClient.IsCut = false;
        var answer = await _away.PublishExactlyAsync(line);

        Assert.That((answer.Status, answer.IsReplay), Is.EqualTo((HttpStatusCode.Accepted, true)), answer.Body);
        await ShouldBeAccountedForAsync("keyed", accepted: 1);
    }

    private HttpClient ClientOf(NetworkSide side)
    {
        var http = new HttpClient(side.CreateHandler()) { BaseAddress = _address, Timeout = TestClient.Patience };
        http.DefaultRequestHeaders.Authorization = new("Bearer", _tokens.Good("publisher", Rights));
        return http;
    }

    private static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    private Task<RemotePage> OpenAsync(string user) => RemotePage.OpenAsync(_address, _tokens.Good(user), _pages);

    private async Task PublishRunAsync(string user, string run, int events)
    {
        for (var i = 1; i <= events; i++)
        {
            var (status, _) = await PublishAsync(user, i == 1 ? "agent_started" : i == events ? "agent_completed" : "token", run);
            Assert.That((int)status, Is.InRange(201, 202));
        }
    }

    private async Task<(HttpStatusCode Status, string? Receipt)> PublishAsync(string user, string type, string run)
    {
        // A run that is quiet for as long as the wire is cut has declared it.
        var data = type switch
        {
            "token" => """{"delta":"x"}""",
            "agent_started" => """{"agent_name":"demo","lease_ms":3600000}""",
            _ => """{"agent_name":"demo"}""",
        };
        using var content = new StringContent(PublishExtensions.EventJson(type, data, user, run), Encoding.UTF8, "application/json");
        using var response = await _beside.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()).Text("status"));
    }

    private async Task<JsonElement> AskAsync(string path)
        => JsonElement.Parse(await _beside.GetStringAsync(new Uri(path, UriKind.Relative)));

    private async Task ShouldEndAsync(RemotePage page, string reason)
    {
        if (Length > TimeSpan.Zero)
        {
            await PassAsync(new ConnectionOptions().PingInterval + new ConnectionOptions().PingTimeout);
        }

        var line = $"Connection {page.Welcome.ConnectionId} of {page.Welcome.UserId} ended: {reason}";
        await Eventually.BecomesTrueAsync(() => _server.Output.Contains(line, StringComparison.Ordinal), "the server ends the connection");
    }

    private async Task ShouldHaveAllAsync(RemotePage page, string user, int events)
    {
        await Eventually.BecomesTrueAsync(() => page.Seqs.Count >= events, "the page has all events");
        Assert.That(page.Seqs, Is.EqualTo(Enumerable.Range(1, events).Select(static i => (long)i)));
        await Eventually.BecomesTrueAsync(
            async () => (await AskAsync($"/v1/ledger?user_id={user}")).GetProperty("pending").GetInt64() == 0, "all is acknowledged");
        await ShouldBeAccountedForAsync(user, events);
    }

    private async Task<bool> IsKnownAsync(string user)
    {
        using var answer = await _beside.GetAsync(new Uri($"/v1/ledger?user_id={user}", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }

    private async Task ShouldBeAccountedForAsync(string user, long accepted)
    {
        var ledger = await AskAsync($"/v1/ledger?user_id={user}");
        Assert.That(
            (ledger.GetProperty("accepted").GetInt64(), ledger.GetProperty("unaccounted").GetInt64()),
            Is.EqualTo((accepted, 0L)),
            ledger.ToString());
        Assert.That(_server.Critical, Is.Empty);
    }
}
