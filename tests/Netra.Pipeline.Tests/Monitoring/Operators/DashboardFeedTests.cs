using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>Spec O3: dashboards' feeds over real sockets: news at intervals, one making for all, bounds, and their end.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DashboardFeedTests
{
    private const string Feed = "/monitoring/websocket/dashboard/websocket_operations/feed";

    [Test]
    public async Task Feed_FaultWhileItIsOpen_IsInItsNextState()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var feed = await FeedReader.OpenAsync(host.Http, query: "?interval_s=1");
        await host.PassAsync(1);
        var (first, calm) = await feed.ReadStateAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_completed", """{"tool_name":"x"}"""));
        await host.PassAsync(2);

        var (number, state) = await feed.ReadStateAsync();
        while (state.GetProperty("live_runs").GetArrayLength() == 0 || state.GetProperty("failures_by_code").GetArrayLength() == 0)
        {
            (number, state) = await feed.ReadStateAsync();
        }

        Assert.That(number, Is.GreaterThan(first));
        Assert.That(calm.TryGetProperty("trend", out _), Is.False, "a feed has the latest point alone");
        Assert.That(state.GetProperty("latest").GetProperty("latency_counts").GetArrayLength(), Is.EqualTo(18));
        Assert.That(state.GetProperty("failures_by_code")[0].Text("code"), Is.EqualTo("flow_violation"));
        var run = state.GetProperty("live_runs")[0];
        Assert.That((run.Text("user_id"), run.Text("agent_name"), run.Text("state")), Is.EqualTo(("ada", "demo", "running")));
    }

    [Test]
    public async Task Feeds_Many_AreMadeOnceInASecondForAll()
    {
        await using var host = await MonitoredHost.StartAsync();
        var feeds = host.Services.GetRequiredService<DashboardFeeds>();
        var readers = new List<FeedReader>();
        for (var i = 0; i < 30; i++)
        {
            readers.Add(await FeedReader.OpenAsync(host.Http, query: $"?interval_s={(i % 3) + 1}"));
        }

        for (var second = 1; second <= 6; second++)
        {
            // One after the other: a round that comes late would take two seconds for one.
            var made = second;
            await host.PassAsync(1);
            await Eventually.BecomesTrueAsync(() => feeds.Made >= made, "they were told");
            Assert.That(feeds.Made, Is.EqualTo(made), "once in a second, however many there are");
        }

        foreach (var reader in readers)
        {
            await reader.ReadStateAsync();
            await reader.DisposeAsync();
        }

        var slots = host.Services.GetRequiredService<ConnectionSlots>();
        await Eventually.BecomesTrueAsync(() => feeds.Count == 0 && slots.Held == 0, "closed feeds give their places back");
    }

    [TestCase("interval_s=0", "interval_s must be an integer from 1 to 60, and is '0'")]
    [TestCase("interval_s=61", "interval_s must be an integer from 1 to 60, and is '61'")]
    [TestCase("interval_s=1.5", "interval_s must be an integer from 1 to 60, and is '1.5'")]
    public async Task Feed_IntervalOutOfRange_IsRefusedWithValueAndLimit(string query, string detail)
    {
        await using var host = await MonitoredHost.StartAsync();
        var refused = await host.Http.AskAsync($"{Feed}?{query}");
        refused.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(refused.Body.Text("detail"), Does.Contain(detail));
    }

    [Test]
    public async Task Feed_OneTooMany_IsRefusedAndTakenWhenAnotherHasGone()
    {
        await using var host = await MonitoredHost.StartAsync(settings: [("Netra:Monitoring:MaxDashboardFeeds", "1")]);
        var first = await FeedReader.OpenAsync(host.Http);

        var refused = await host.Http.AskAsync(Feed);
        refused.ShouldBe(HttpStatusCode.ServiceUnavailable, "too_many_connections");
        Assert.That(refused.Body.Text("detail"), Does.Contain("of 1 that may be (Netra:Monitoring:MaxDashboardFeeds)"));
        Assert.That(refused.Response.Headers.RetryAfter, Is.Not.Null);

        await first.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => host.Services.GetRequiredService<DashboardFeeds>().Count == 0, "its place is free");
        await using var next = await FeedReader.OpenAsync(host.Http);
    }

    [Test]
    public async Task Feed_WithLongInterval_GivesSignsOfLife()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var feed = await FeedReader.OpenAsync(host.Http, query: "?interval_s=60");
        await host.PassAsync(1);
        await feed.ReadStateAsync();
        string? block = null;
        var seconds = 0;
        while (block != ":" && seconds < 170)
        {
            // It may begin to wait a moment late, and its next state comes first then.
            var next = feed.ReadBlockAsync();
            while (!next.IsCompleted && seconds < 170)
            {
                await host.PassAsync(1);
                seconds++;
            }

            block = await next;
        }

        Assert.That(block, Is.EqualTo(":"), "between two states");
    }

    [Test]
    public async Task Feed_ServerStops_EndsWithAHintWhenToComeBack()
    {
        var host = await MonitoredHost.StartAsync();
        await using var feed = await FeedReader.OpenAsync(host.Http);
        var stopping = host.DisposeAsync();
        string? last = null;
        while (await feed.ReadBlockAsync() is { } block)
        {
            last = block;
        }

        await stopping;
        Assert.That(
            last,
            Does.Match("^retry: \\d+\nevent: end\ndata: {\"reason\":\"server_shutdown\",\"reconnect\":true,\"retry_ms\":\\d+}$"));
    }

    [Test]
    public async Task Feed_KeyRevoked_EndsAndIsNotToComeBack()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var admin = issuer.Good("admin", ["netra.configure"]);
        var key = await host.MakeKeyAsync(admin, "wall", "view");
        using var http = host.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        await using var feed = await FeedReader.OpenAsync(http);

        await host.SendAsync(HttpMethod.Delete, $"/v1/keys/{ApiKey.IdOf(key)}", admin);

        string? last = null;
        while (await feed.ReadBlockAsync() is { } block)
        {
            last = block;
        }

        Assert.That(last, Does.Contain("\"reason\":\"credential_expired\",\"reconnect\":false"));
    }

    [Test]
    public async Task Trends_OfAServerThatIsStartedAgain_GoOn()
    {
        var folder = Directory.CreateTempSubdirectory("netra-trends-");
        var time = new TestTimeProvider();
        try
        {
            for (var start = 1; start <= 2; start++)
            {
                await using var host = await MonitoredHost.StartAsync(
                    static pipeline => pipeline.UseEventLog<SqliteEventLog>(), [("Netra:DataDirectory", folder.FullName)], time: time);
                await host.PassAsync(3);
                var (_, trends) = await host.Http.AskAsync("/monitoring/websocket/trends?range=years");
                var seconds = trends.GetProperty("points").EnumerateArray().Sum(static point => point.GetProperty("seconds").GetInt32());
                Assert.That(seconds, Is.GreaterThanOrEqualTo(3 * start));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Feed_ReadSlowly_SkipsToTheNewestState()
    {
        // On the system's clock: what is not read has to fill the buffers between the two.
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Monitoring:Enabled", "true")]);
        var feeds = host.Services.GetRequiredService<DashboardFeeds>();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, host.Port);

        // After its first state it has none of its own that could come after the newest.
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {Feed}?interval_s=60 HTTP/1.1\r\nHost: 127.0.0.1:{host.Port}\r\n\r\n"));
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        var (read, seen) = (0L, string.Empty);
        while (!seen.StartsWith("data: ", StringComparison.Ordinal))
        {
            await ReadAsync();
        }

        var opened = feeds.Open.Single();

        // As a backlog of an hour would come, at once.
        var state = new byte[64 * 1024];
        Array.Fill(state, (byte)' ');
        for (var i = 0; i < 500; i++)
        {
            opened.Tell(state);
        }

        opened.Tell("\"newest\""u8.ToArray());
        while (!seen.Contains("data: \"newest\"", StringComparison.Ordinal))
        {
            await ReadAsync();
        }

        Assert.That(read, Is.LessThan(250 * state.Length), "most of them were skipped");

        async Task ReadAsync()
        {
            seen = await reader.ReadLineAsync().WaitAsync(TestClient.Patience, TimeProvider.System)
                ?? throw new AssertionException("It ended.");
            read += seen.Length;
        }
    }

    [Test]
    public async Task Trends_OfARange_HaveItsStepAndAreRefusedForOthers()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.PassAsync(3);

        var (_, hour) = await host.Http.AskAsync("/monitoring/websocket/trends?range=hour");
        var (_, day) = await host.Http.AskAsync("/monitoring/websocket/trends?range=day");

        Assert.That((hour.GetProperty("step_s").GetInt32(), day.GetProperty("step_s").GetInt32()), Is.EqualTo((10, 60)));
        Assert.That(day.GetProperty("points").EnumerateArray().Sum(static point => point.GetProperty("seconds").GetInt32()), Is.EqualTo(3));
        (await host.Http.AskAsync("/monitoring/websocket/trends?range=week")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
    }
}
