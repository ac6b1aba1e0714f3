using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Pages that are slow, asleep or far away, and well; and pages that are not, beside those that are.</summary>
internal static class PageHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new(
            "frozen_tab", Guard.Unconfirmed,
            "A tab is in the background while its run goes on, and comes back to the front",
            "the page",
            "held: a page that answers nothing owes nothing")
        {
            Short = TimeSpan.FromSeconds(15),
            Full = TimeSpan.FromMinutes(4),
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada");
                page.Freeze();
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await bench.PublishAsync("ada", "r1", "token", """{"delta":"word "}""");
                await HarmBench.PassAsync(bench.Duration);
                await page.ThawAsync();
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
            },
        };
        yield return new(
            "page_on_a_slow_line", Guard.Stall,
            "A page reads a hundred kilobytes a second, and is sent more than its queue holds",
            "the page",
            "the page was shown `buffer_overflow`, though it was missing nothing")
        {
            Count = (1_500, 6_000),
            Counted = "events of 500 bytes",
            // Its own events are late, and they are nearly all there are.
            TrueAlerts = ["buffer_overflow", "high_latency", "unhealthy_check"],
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada", receiveBuffer: 8 * 1024);
                (page.BytesAtOnce, page.ReadPause) = (2_000, TimeSpan.FromMilliseconds(15));
                await bench.PublishRunAsync("ada", "r1", bench.Count, 500);
                await page.WhenAsync(
                    () => page.EndOf("r1") is not null, TimeSpan.FromSeconds(HarmBench.Either(30, 120)), "the page has read everything");
                await bench.BackAsync();
            },
        };
        yield return new(
            "page_acknowledges_with_its_pongs", Guard.Retry,
            "A page acknowledges as seldom as the protocol lets it: with its pongs",
            "the page",
            "held: a pong comes before the first retry")
        {
            Short = TimeSpan.FromSeconds(10),
            Full = TimeSpan.FromMinutes(2),
            ShortSettings = [("Netra:Delivery:FirstRetry", "00:00:03")],
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada");
                page.AcknowledgesWithPongs = true;
                await using var backend = await Backend.StartAsync(bench, "ada", "r1", TimeSpan.FromSeconds(1));
                using var over = new CancellationTokenSource(bench.Duration);
                await bench.PublishTokensAsync("ada", "r1", TimeSpan.FromMilliseconds(200), over.Token);
                await bench.BackAsync();
            },
        };
        yield return new(
            "long_replay", Guard.Stuck,
            "A page comes back to much that it has missed, and reads it slowly",
            "the page",
            "held: progress counts, however slow")
        {
            Count = (8_000, 60_000),
            Counted = "events",
            // What it missed is not confirmed in time, and that is nearly all there is.
            TrueAlerts = ["unhealthy_check", "low_success_rate", "very_low_success_rate", "buffer_overflow", "high_latency"],

            // A ping waits behind what the system has buffered, and a busy test reads that slower than it means to.
            ShortSettings = [("Netra:Connections:PingTimeout", "00:00:04")],
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada", receiveBuffer: 32 * 1024);
                var away = page.DropAsync(TimeSpan.FromSeconds(2));
                (page.BytesAtOnce, page.ReadPause) = (8_000, TimeSpan.FromMilliseconds(20));
                await bench.PublishRunAsync("ada", "r1", bench.Count);
                await away;
                await page.WhenAsync(
                    () => page.EndOf("r1") is not null, TimeSpan.FromSeconds(HarmBench.Either(30, 180)), "the page has caught up");
                await bench.BackAsync();
            },
        };
        yield return new(
            "dead_connection_beside_a_live_one", Guard.Unconfirmed,
            "A laptop was closed, and its connection is still there beside the user's new one",
            "the page that is there",
            "held: any device confirms")
        {
            Short = TimeSpan.FromSeconds(9),
            Full = TimeSpan.FromMinutes(2),
            Happens = static async bench =>
            {
                await using var dead = await RawClient.ConnectAsync(new Uri($"ws://127.0.0.1:{bench.Port}/ws?user_id=ada"));
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await HarmBench.PassAsync(bench.Duration);
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
        yield return new(
            "pages_that_send_pings", Guard.Queues,
            "Pages send pings as fast as they can, and read the answers",
            "the pages",
            "1 of 10 pages was cut without a close frame")
        {
            Count = (2_000, 2_000),
            Counted = "pings of each of 10 pages",
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(10);
                await Task.WhenAll(pages.Select(async page =>
                {
                    await bench.BeginRunAsync(page.UserId, "r1", 3_600_000);
                    for (var i = 0; i < bench.Count; i++)
                    {
                        await page.PingAsync(125);
                    }

                    await bench.EndRunAsync(page.UserId, "r1");
                }));
                await bench.BackAsync();
            },
        };
        yield return new(
            "pages_that_do_not_read", Guard.Queues,
            "Many pages read nothing of what they are sent",
            "20 pages that read",
            "held, with 2 MB for each that never came back")
        {
            Count = (60, 500),
            Counted = "pages that do not read",
            Short = TimeSpan.FromSeconds(6),
            Full = TimeSpan.FromSeconds(60),
            IsAlone = true,
            // More than 30 of them within a minute are a crowd, too.
            TrueAlerts = ["buffer_overflow", "failure_rate", "unhealthy_check"],
            Happens = static async bench =>
            {
                var rude = new List<RawClient>();
                try
                {
                    await bench.OpenManyAsync(20);
                    for (var i = 0; i < bench.Count; i++)
                    {
                        rude.Add(await RawClient.ConnectAsync(
                            new Uri($"ws://127.0.0.1:{bench.Port}/ws?user_id=rude-{i}"), receiveBuffer: 4 * 1024));
                    }

                    await Parallel.ForAsync(
                        0,
                        bench.Count,
                        new ParallelOptions { MaxDegreeOfParallelism = 4 },
                        async (i, _) => await bench.PublishRunAsync($"rude-{i}", "r1", 700, 1_500));
                    using var over = new CancellationTokenSource(bench.Duration);
                    await bench.BeginRunAsync("user-0", "r1");
                    await bench.PublishTokensAsync("user-0", "r1", TimeSpan.FromMilliseconds(100), over.Token);
                    await bench.EndRunAsync("user-0", "r1");
                    await bench.BackAsync();
                }
                finally
                {
                    foreach (var page in rude)
                    {
                        await page.DisposeAsync();
                    }
                }
            },
        };
        yield return new(
            "emergency_mode_again_and_again", Guard.EmergencyMode,
            "Emergency mode is turned on and off many times",
            "20 pages",
            "held: told once each time")
        {
            Count = (100, 1_000),
            Counted = "times",
            TrueAlerts = ["emergency_mode"],
            TrueErrors = ["emergency_mode"],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                for (var i = 0; i < bench.Count; i++)
                {
                    using var reason = new StringContent(
                        """{"reason":"a drill","author":"ada"}""", System.Text.Encoding.UTF8, "application/json");
                    using var on = await bench.Http.PutAsync(bench.Address("/monitoring/websocket/emergency/mode"), reason);
                    using var off = await bench.Http.DeleteAsync(bench.Address("/monitoring/websocket/emergency/mode"));
                    bench.Expect(
                        on.IsSuccessStatusCode && off.IsSuccessStatusCode,
                        $"emergency mode was answered {on.StatusCode}, {off.StatusCode}");
                }

                await bench.BackAsync();
                bench.Figure($"{pages[0].Errors.Count} errors shown");
            },
        };
    }
}
