using System.Net;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Operators who look on take nothing from what they look at.</summary>
internal static class OperatorHarms
{
    private const string Feed = "/monitoring/websocket/dashboard/websocket_operations/feed?interval_s=1";

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "dashboards_that_read_nothing", Guard.Limits,
            "More feeds of dashboards are asked for than may be open; those that are open read nothing, while pages come back",
            "20 pages that come back, a run with heartbeats, a dashboard that is opened afterwards",
            "there were no feeds")
        {
            Short = TimeSpan.FromSeconds(4),
            Full = TimeSpan.FromMinutes(2),
            Count = (120, 400),
            Counted = "feeds",
            TrueAlerts = ["failure_rate"],
            Settings = [("Netra:Monitoring:MaxDashboardFeeds", "60")],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                var feeds = new List<RawPeer>();
                var refused = 0;
                try
                {
                    for (var i = 0; i < bench.Count; i++)
                    {
                        var feed = await RawPeer.ConnectAsync(bench.Port, receiveBuffer: 4096);
                        feeds.Add(feed);
                        await feed.SendAsync($"GET {Feed} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                        refused += (await feed.ReadResponseAsync())?.Status == 503 ? 1 : 0;
                    }

                    await HarmBench.ComeBackAsync(pages);
                    await HarmBench.PassAsync(bench.Duration);
                }
                finally
                {
                    foreach (var feed in feeds)
                    {
                        await feed.DisposeAsync();
                    }
                }

                await bench.BackAsync();
                bench.Figure($"{refused} refused");
                bench.Expect(refused == bench.Count - 60, $"{refused} of {bench.Count} feeds were refused, where 60 may be open");
                bench.Expect(pages.All(static page => page.Refusals == 0), "a page that came back was refused");
                await Eventually.BecomesTrueAsync(() => OpensAsync(bench), "a dashboard opens when the others have left");
            },
        };
        yield return new(
            "tenant_at_its_limit", Guard.Limits,
            "The users of one tenant open all the connections that it may have, and more, while pages of others come back",
            "20 pages of no tenant that come back, the tenant's pages that are there, a run with heartbeats",
            "there were no tenants")
        {
            Count = (120, 2_000),
            Counted = "handshakes",
            TrueAlerts = ["failure_rate", "unhealthy_check"],
            Settings = [("Netra:Limits:MaxConnectionsPerTenant", "50")],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await using var strangers = new Strangers(bench);
                var refused = await strangers.ConnectAsync(
                    2, bench.Count, "too_many_connections", static i => $"stranger-{i}&tenant_id=crowded");
                await HarmBench.ComeBackAsync(pages);
                await bench.BackAsync();
                bench.Expect(refused == bench.Count - 50, $"{refused} of {bench.Count} were refused, where 50 may be there");
                bench.Expect(pages.All(static page => page.Refusals == 0), "a page of another tenant was refused");
            },
        };
    }

    private static async ValueTask<bool> OpensAsync(HarmBench bench)
    {
        using var answer = await bench.Http.GetAsync(bench.Address(Feed), HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode == HttpStatusCode.OK;
    }
}
