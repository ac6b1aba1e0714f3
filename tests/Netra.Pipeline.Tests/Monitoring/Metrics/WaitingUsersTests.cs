using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Metrics;

/// <summary>Events that wait while nobody at all is connected (spec A1), and what only looks like it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WaitingUsersTests
{
    private const int Returning = 10;
    private const int Seconds = 180;

    [Test]
    public async Task LastPage_LeavesAtOnceAfterTheAnswer_IsNotWaitedFor()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada")))
        {
            var (_, receipt) = await host.Http.PublishAsync(
                PublishExtensions.EventJson("agent_completed", """{"agent_name":"demo","duration_ms":1}"""));
            await page.AckAsync((await page.ReadAsync<EventMessage>()).Seq);
            await host.HearsAckAsync("ada", receipt.Seq());
            await page.CloseAsync();
        }

        await Eventually.BecomesTrueAsync(() => host.Pipeline.Connections.Count == 0, "the page is gone");
        await host.PassAsync(Seconds);

        Assert.That(await StatusAsync(host), Is.EqualTo("healthy"));
        Assert.That(
            host.Services.GetRequiredService<AlertCenter>().Alerts.Select(static alert => alert.Name), Does.Not.Contain("no_connections"));
    }

    [Test]
    public async Task Page_ReloadsInTheMiddleOfARun_IsNotWaitedFor()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using (var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada")))
        {
            await page.CloseAsync();
        }

        await Eventually.BecomesTrueAsync(() => host.Pipeline.Connections.Count == 0, "the page is gone");
        await host.PassAsync(1);
        await host.Http.PublishAsync(PublishExtensions.TokenJson());
        await host.PassAsync(Returning - 1);
        Assert.That(await StatusAsync(host), Is.EqualTo("healthy"));

        await host.PassAsync(2);
        Assert.That(await StatusAsync(host), Is.EqualTo("degraded"), "it should be back by now");

        await using var back = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.PassAsync(1);
        Assert.That(await StatusAsync(host), Is.EqualTo("healthy"));
    }

    private static async Task<string?> StatusAsync(MonitoredHost host)
    {
        var (_, health) = await host.Http.AskAsync("/health");
        return health.GetProperty("checks").GetProperty("connection_stability").Text("status");
    }
}
