using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Limits of what peers ask for (docs/protocol.md, section 10): what is new is refused or waits, what is there goes on.</summary>
internal static class LimitHarms
{
    private const long MiB = 1024 * 1024;

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "near_every_limit", Guard.Limits,
            "Strangers go to each limit, one after the other: connections of a user, of an address, in all; handshakes, frames, the past, "
            + "single events, runs",
            "a page that is told something every 4 ms: its p99 is at most 3 × that of calm; 20 pages, a run with heartbeats",
            "there was no limit but that of file handles; 8 connections that flooded made 99 of 100 events up to 442 ms late")
        {
            Short = TimeSpan.FromSeconds(0.4),
            Full = TimeSpan.FromSeconds(10),
            IsAlone = true,

            // Strangers are refused in crowds, and leave without a word.
            TrueAlerts = ["failure_rate", "unhealthy_check"],
            Settings =
            [
                ("Netra:Connections:MaxConnections", "600"),
                ("Netra:Limits:MaxConnectionsPerAddress", "250"),
                ("Netra:Limits:HandshakesPerSecondPerAddress", "50"),
                ("Netra:Limits:HandshakeBurst", "00:00:10"),
                ("Netra:Limits:ReplayBytesPerSecond", "1048576"),
                ("Netra:Limits:ReplayBurst", "00:00:01"),
                ("Netra:Limits:PublishedEventsPerSecond", "20"),
                ("Netra:Limits:PublishBurst", "00:00:05"),
                ("Netra:Limits:MaxOpenRunsPerPublisher", "100"),
            ],
            Happens = GoToEveryLimitAsync,
        };
        yield return new(
            "strangers_come_without_end", Guard.Limits,
            "Strangers of one address open all the connections that they can get, and shake hands without end, while pages come back",
            "20 pages of another address that come back, a run with heartbeats",
            "there was no limit of an address: strangers had all connections")
        {
            Count = (800, 10_000),
            Counted = "handshakes",
            TrueAlerts = ["failure_rate", "unhealthy_check"],
            Settings =
            [
                ("Netra:Limits:MaxConnectionsPerAddress", "100"),
                ("Netra:Limits:HandshakesPerSecondPerAddress", "30"),
                ("Netra:Limits:HandshakeBurst", "00:00:10"),
            ],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await using var strangers = new Strangers(bench);
                var unplaced = await strangers.ConnectAsync(2, 150, "too_many_connections", StrangerOf);
                var shaking = strangers.ShakeHandsAsync(2, bench.Count, "rate_limited");
                await HarmBench.ComeBackAsync(pages);
                bench.Expect(unplaced > 0, "no stranger above the limit was refused");
                bench.Expect(await shaking > 0, "no handshake of strangers was refused");
                await bench.BackAsync();
                bench.Expect(pages.All(static page => page.Refusals == 0), "a page that came back was refused");
            },
        };
        yield return new(
            "pages_that_send_much_at_once", Guard.Limits,
            "Pages send more at once than is read of them at once: they acknowledge each event by itself, after a rest",
            "the pages, their runs",
            "held: all was read at once")
        {
            Count = (12_000, 30_000),
            Counted = "acks of each of 5 pages",
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(5);
                await Task.WhenAll(pages.Select(page => bench.BeginRunAsync(page.UserId, "r1", 60_000)));
                var ack = """{"type":"ack","seq":1}"""u8.ToArray();
                await Task.WhenAll(pages.Select(async page =>
                {
                    for (var i = 0; i < bench.Count; i++)
                    {
                        await page.SendAsync(ack);
                    }
                }));
                await bench.BackAsync();
                await Task.WhenAll(pages.Select(page => bench.EndRunAsync(page.UserId, "r1")));
            },
        };
        yield return new(
            "everybody_has_missed_much", Guard.Limits,
            "All pages come back at once to more of the past than all may read at once, while one user asks for it again and again",
            "the pages that come back",
            "held; the one user was sent 1.87 GB for 2.1 KB of asking")
        {
            Count = (40, 400),
            Counted = "pages that have missed 500 KB each",
            TrueAlerts = ["unhealthy_check"],
            Settings = [("Netra:Limits:TotalReplayBytesPerSecond", "2097152"), ("Netra:Limits:ReplayBurst", "00:00:01")],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(bench.Count);
                await Task.WhenAll(pages.Select(static page => page.DropAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 20)))).Append(
                    Parallel.ForEachAsync(
                        pages, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (page, _) =>
                        {
                            await bench.PublishRunAsync(page.UserId, "r1", tokens: 500, bytes: 1000);
                        })));
                await using var strangers = new Strangers(bench);
                var storm = strangers.ReplayAsync(2, "user-0", events: 500, TimeSpan.FromSeconds(HarmBench.Either(3, 20)));
                var began = TimeProvider.System.GetTimestamp();
                await Task.WhenAll(pages.Select(static page => page.WhenAsync(
                    () => page.EndOf("r1") is not null, TimeSpan.FromSeconds(60), "the page has what it has missed")));
                bench.Figure($"all had it after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s");
                var sent = await storm;
                bench.Figure($"{sent / 1e6:F0} MB for the one who asked again and again");
                await bench.BackAsync();
            },
        };
        yield return new(
            "refused_lines_beside_good_ones", Guard.Limits,
            "One of a publisher's requests sends lines that are refused, as fast as it can",
            "a run that another request of the same publisher feeds, its page",
            "99 of 100 events were up to 403 ms late")
        {
            Count = (2_000, 20_000),
            Counted = "lines",
            TrueAlerts = ["failure_rate"],
            Settings = [("Netra:Limits:RefusedEventsPerSecond", "500"), ("Netra:Limits:PublishBurst", "00:00:01")],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                var began = TimeProvider.System.GetTimestamp();
                var bad = bench.SendBadLinesAsync("no JSON", bench.Count);
                await using var good = await RunLines.OpenAsync(bench);
                await good.SendRunAsync("ada", "r1", tokens: 200);
                await good.ReadAllAsync();
                await bad;
                var took = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
                bench.Expect(took > bench.Count / 1000, $"{bench.Count} lines were refused within {took:F1} s");
                await bench.BackAsync();
            },
        };
    }

    private static string StrangerOf(int i) => string.Create(CultureInfo.InvariantCulture, $"stranger-{i}");

    private static async Task GoToEveryLimitAsync(HarmBench bench)
    {
        const int Events = 200;
        await bench.OpenManyAsync(20);
        await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
        await bench.PublishRunAsync("greedy", "sick-1", Events, bytes: 5000);
        await using var pace = await PaceWatch.OpenAsync(bench);
        await using var strangers = new Strangers(bench);
        var key = await strangers.MakeKeyAsync();
        int[] addresses = [4, 5, 6, 7];

        await RefusesAsync("connections of a user", () => strangers.ConnectAsync(2, 130, "too_many_connections", static _ => "stranger"));
        await RefusesAsync("connections of an address", () => strangers.ConnectAsync(3, 300, "too_many_connections", StrangerOf));
        await RefusesAsync("connections in all", async () =>
        {
            var refused = await Task.WhenAll(addresses.Select(
                address => strangers.ConnectAsync(address, 200, "too_many_connections", StrangerOf)));
            return refused.Sum();
        });
        await RefusesAsync("handshakes", () => strangers.ShakeHandsAsync(8, 1200, "rate_limited"));
        await RefusesAsync("single events", () => strangers.PostAsync(key, 600));
        await RefusesAsync("runs of a publisher", () => strangers.BeginRunsAsync(key, 400));

        var (sent, took) = await pace.DuringAsync("the past", async () =>
        {
            var began = TimeProvider.System.GetTimestamp();
            var bytes = await strangers.ReplayAsync(9, "greedy", Events + 2, bench.Duration);
            return (bytes, TimeProvider.System.GetElapsedTime(began).TotalSeconds);
        });
        bench.Expect(
            sent < (3 + took) * MiB,
            $"{sent / 1e6:F1} MB were sent within {took:F1} s to one who asked for the past again and again");
        byte[] pongs = [.. Enumerable.Repeat(RawFrame.Encode(RawFrame.Pong, []), 2000).SelectMany(static frame => frame)];
        var ended = await pace.DuringAsync("frames", () => strangers.FloodAsync(10, pongs, bench.Duration));
        bench.Expect(ended == 0, $"{ended} connections were ended for sending much");
        await bench.BackAsync();

        async Task RefusesAsync(string what, Func<Task<int>> act)
        {
            var refused = await pace.DuringAsync(what, async () =>
            {
                var count = await act();
                await HarmBench.PassAsync(bench.Duration);
                return count;
            });
            bench.Figure($"{refused} refused");
            bench.Expect(refused > 0, $"{what}: nothing was refused");
            await strangers.DisposeAsync();
        }
    }
}
