using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>Spec M4, M6, O1: health, status, figures and dashboards, over HTTP.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class MonitoringRoutesTests
{
    private const string Prefix = "/monitoring/websocket";

    [Test]
    public async Task Health_AllIsWell_SaysSoAndNamesEightChecks()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.PassAsync(3);

        var (response, health) = await host.Http.AskAsync("/health");

        Assert.That((response.StatusCode, health.Text("status")), Is.EqualTo((HttpStatusCode.OK, "healthy")), health.ToString());
        Assert.That(health.GetProperty("checks").EnumerateObject().Select(static check => check.Name), Is.EquivalentTo(new[]
        {
            "system_overall", "bridge_initialization", "notification_delivery", "silent_failures", "user_isolation", "connection_stability",
            "performance", "memory_and_resources",
        }));
    }

    [Test]
    public async Task Health_RunStalled_IsUnhealthyAndOnlyOperatorsSeeWhose()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await host.PassAsync(62);

        var (response, health) = await host.Http.AskAsync("/health");
        Assert.That(
            (response.StatusCode, health.Text("status"), health.GetProperty("stale_threads").GetInt32()),
            Is.EqualTo((HttpStatusCode.ServiceUnavailable, "unhealthy", 1)));
        Assert.That(health.ToString(), Does.Not.Contain("\"ada\""));
        var (_, forOperators) = await host.Http.AskAsync($"{Prefix}/health");
        Assert.That(forOperators.GetProperty("stale_threads")[0].Text("user_id"), Is.EqualTo("ada"));
        var (live, _) = await host.Http.AskAsync("/livez");
        Assert.That(live.StatusCode, Is.EqualTo(HttpStatusCode.OK), "liveness is of the process alone");
    }

    [Test]
    public async Task Figures_OfUsers_AreApartAndByType()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await host.Http.PublishAsync(PublishExtensions.TokenJson());
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_completed", """{"agent_name":"demo"}"""));
        await host.Http.PublishAsync(PublishExtensions.TokenJson(userId: "bob"));
        await page.ReadEventsAsync(3);
        await page.AckAsync(3);
        await host.HearsAckAsync("ada", 3);

        // Counted once they are with the transport, where the page may read them sooner.
        await Eventually.BecomesTrueAsync(
            () => host.Services.GetRequiredService<UserMetricsTable>().TryGet("ada", out var user) && user.Written == 3,
            "its events are counted");

        var (_, all) = await host.Http.AskAsync($"{Prefix}/metrics/users");
        var (_, firstPage) = await host.Http.AskAsync($"{Prefix}/metrics/users?limit=1");
        var (_, secondPage) = await host.Http.AskAsync($"{Prefix}/metrics/users?limit=1&after={firstPage.Text("next")}");

        var ada = all.GetProperty("users").EnumerateArray().Single(static user => user.Text("user_id") == "ada");
        Assert.That(
            (
                ada.GetProperty("attempted").GetInt64(),
                ada.GetProperty("accepted").GetInt64(),
                ada.GetProperty("delivered").GetInt64(),
                ada.GetProperty("acknowledged").GetInt64(),
                ada.GetProperty("pending").GetInt64()),
            Is.EqualTo((3, 3, 3, 3, 0)));
        Assert.That(ada.GetProperty("by_type").GetProperty("token").GetProperty("accepted").GetInt64(), Is.EqualTo(1));
        Assert.That(
            (
                ada.GetProperty("runs_ended").GetInt64(),
                ada.GetProperty("runs_ended_acknowledged").GetInt64(),
                ada.GetProperty("connected_total").GetInt64()),
            Is.EqualTo((1, 1, 1)));
        Assert.That(secondPage.GetProperty("users")[0].Text("user_id"), Is.EqualTo("bob"));
        Assert.That(secondPage.TryGetProperty("next", out _), Is.False);
    }

    [Test]
    public async Task View_OfOneUser_HasConnectionsRunsAndFailures()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_completed", """{"tool_name":"x"}"""));

        var (_, view) = await host.Http.AskAsync($"{Prefix}/users/ada");
        Assert.That(view.GetProperty("open_connections")[0].Text("connection_id"), Is.EqualTo(page.Welcome.ConnectionId));
        Assert.That(view.GetProperty("open_runs")[0].Text("agent_name"), Is.EqualTo("demo"));
        Assert.That(view.GetProperty("failures")[0].Text("code"), Is.EqualTo("flow_violation"));
        (await host.Http.AskAsync($"{Prefix}/users/nobody")).ShouldBe(HttpStatusCode.NotFound, "not_found");
    }

    [TestCase("websocket_executive", "alerts")]
    [TestCase("websocket_operations", "bridge")]
    [TestCase("websocket_user_diagnostics", "users")]
    [TestCase("websocket_performance", "trend")]
    [TestCase("websocket_alerts", "rules")]
    public async Task Dashboard_OfEachKind_HasWhatItShows(string id, string member)
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.PassAsync(1);

        var (response, dashboard) = await host.Http.AskAsync($"{Prefix}/dashboard/{id}");

        Assert.That(
            (response.StatusCode, dashboard.Text("dashboard_id"), dashboard.TryGetProperty(member, out _)),
            Is.EqualTo((HttpStatusCode.OK, id, true)));
    }

    [TestCase("system/status", "")]
    [TestCase("dashboard/websocket_operations", "dashboard_id ")]
    public async Task Status_ReadByPeople_BeginsWithHowItIs(string route, string first)
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.PassAsync(1);

        var (_, status) = await host.Http.AskAsync($"{Prefix}/{route}");

        Assert.That(
            string.Join(' ', status.EnumerateObject().Select(static member => member.Name)),
            Does.StartWith(first + "status issues stale_threads stuck_tools waiting_runs silent_failures metrics checks timestamp "
                + "monitoring_enabled alerting_enabled bridge remediation emergency_mode drain canary ledger log process connections "
                + "loaded_streams open_runs waiting version alerts"));
    }

    [Test]
    public async Task Dashboard_Unknown_IsNotFound()
    {
        await using var host = await MonitoredHost.StartAsync();
        (await host.Http.AskAsync($"{Prefix}/dashboard/websocket_nothing")).ShouldBe(HttpStatusCode.NotFound, "not_found");
    }

    [Test]
    public async Task HealthCheck_OnDemand_SendsACanaryAndRunsTheChecks()
    {
        await using var host = await MonitoredHost.StartAsync();
        await host.PassAsync(2);
        var asked = host.Time.GetUtcNow();
        var answering = host.Http.AskAsync($"{Prefix}/emergency/health-check", HttpMethod.Post);
        while (!answering.IsCompleted)
        {
            await host.PassAsync(1);
        }

        var (response, health) = await answering;
        Assert.That(
            (response.StatusCode, health.GetProperty("canary").Text("status")), Is.EqualTo((HttpStatusCode.OK, "ok")), health.ToString());
        Assert.That(
            health.GetProperty("timestamp").GetDouble(), Is.GreaterThan(asked.ToUnixTimeMilliseconds() / 1000.0), "the checks are of now");
        var (_, status) = await host.Http.AskAsync($"{Prefix}/system/status");
        Assert.That(status.GetProperty("canary").GetProperty("passes").GetInt64(), Is.Positive);
        Assert.That(status.GetProperty("ledger").GetProperty("streams").GetInt64(), Is.Zero, "the canary is in nobody's books");
    }
}
