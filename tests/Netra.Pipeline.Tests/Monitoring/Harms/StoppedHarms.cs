namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// The server's process stands still, as a moved virtual machine or a laptop does: nobody was asked, so nobody has failed to answer.
/// </summary>
internal static class StoppedHarms
{
    private const int Pages = 20;

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "process_stopped_20s",
            Guard.Tick,
            "The server's process stands still for less than a ping's whole time",
            "20 pages, a run with heartbeats",
            "all 20 pages were reset, none was asked")
        {
            Short = TimeSpan.FromSeconds(3),
            Full = TimeSpan.FromSeconds(20),
            Happens = StopAsync,
        };
        yield return new(
            "process_stopped_5min",
            Guard.Ping,
            "The server's process stands still for much longer than a ping's whole time",
            "20 pages, a run with heartbeats",
            "all pages were reset, the run stalled, `silent_failures` was alarmed")
        {
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(5),
            Happens = StopAsync,
        };
        yield return new(
            "process_stopped_before_it_read_the_ack",
            Guard.Unconfirmed,
            "It stands still while acknowledgements of critical events are on their way",
            "20 pages that acknowledge at once",
            "all pages were reset, all runs stalled, `silent_failures` was alarmed")
        {
            Short = TimeSpan.FromSeconds(9),
            Full = TimeSpan.FromMinutes(2),
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(Pages);
                await Task.WhenAll(pages.Select(page => bench.BeginRunAsync(page.UserId, "r1", 3_600_000)));

                // Nobody reads while it stands still, but what was sent by then is answered into the kernel's buffers.
                await bench.StopProcessAsync(bench.Duration);
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(2, 12)));
                await Task.WhenAll(pages.Select(page => bench.EndRunAsync(page.UserId, "r1")));
            },
        };
        yield return new(
            "process_stopped_while_a_page_reads_slowly",
            Guard.Stall,
            "It stands still while a write to a page on a slow line is under way",
            "the page",
            "the page was reset in the middle of what it was reading")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(1),
            TrueAlerts = ["buffer_overflow", "high_latency", "unhealthy_check"],
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada", receiveBuffer: 8 * 1024);
                (page.BytesAtOnce, page.ReadPause) = (2_000, TimeSpan.FromMilliseconds(10));
                await bench.PublishRunAsync("ada", "r1", 1_500, 500);
                await bench.StopProcessAsync(bench.Duration);
                page.ReadPause = TimeSpan.Zero;
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(3, 30)));
            },
        };
        yield return new(
            "process_stopped_past_the_stuck_window",
            Guard.Stuck,
            "It stands still for longer than a page may leave what it was sent unacknowledged",
            "20 pages that acknowledge with their pongs",
            "all pages were reset")
        {
            Short = TimeSpan.FromSeconds(11),
            Full = TimeSpan.FromSeconds(90),
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(Pages);
                foreach (var page in pages)
                {
                    page.AcknowledgesWithPongs = true;
                    await bench.PublishRunAsync(page.UserId, "r1", 5);
                }

                await bench.StopProcessAsync(bench.Duration);
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
            },
        };
        yield return new(
            "process_stopped_with_a_canary_on_its_way",
            Guard.Canary,
            "It stands still for longer than a canary may take",
            "the server itself",
            "all pages were reset, twice; no canary failed, since it was the process that was late")
        {
            Short = TimeSpan.FromSeconds(5),
            Full = TimeSpan.FromSeconds(30),
            Settings = [("Netra:Monitoring:HealthCheckInterval", "00:00:01"), ("Netra:Monitoring:CanaryTimeout", "00:00:02")],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(Pages);
                for (var i = 0; i < 3; i++)
                {
                    await bench.StopProcessAsync(bench.Duration / 2);
                    await HarmBench.PassAsync(TimeSpan.FromMilliseconds(650));
                }

                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(2, 10)));
            },
        };
        yield return new(
            "thread_pool_starved_30s",
            Guard.Tick,
            "Something in the process blocks all threads of the pool",
            "20 pages, a run with heartbeats",
            "the run stalled and `silent_failures` was alarmed, though its heartbeats lay in the sockets")
        {
            Short = TimeSpan.FromSeconds(7),
            Full = TimeSpan.FromSeconds(30),
            TrueAlerts = ["thread_pool_starved", "high_latency", "very_high_latency", "unhealthy_check", "performance_degraded"],
            Happens = StarveAsync,
        };
        yield return new(
            "thread_pool_starved_and_canaries",
            Guard.Remediation,
            "The same while canaries are sent, one a second",
            "20 pages, a run with heartbeats",
            "all pages were reset, the run stalled, `silent_failures` was alarmed")
        {
            Short = TimeSpan.FromSeconds(7),
            Full = TimeSpan.FromSeconds(30),
            Settings = [("Netra:Monitoring:HealthCheckInterval", "00:00:01"), ("Netra:Monitoring:CanaryTimeout", "00:00:02")],
            TrueAlerts = ["thread_pool_starved", "high_latency", "very_high_latency", "unhealthy_check", "performance_degraded"],
            Happens = StarveAsync,
        };
        yield return new(
            "process_stopped_again_and_again",
            Guard.Canary,
            "It stands still for moments, over and over, as in a machine whose neighbours take its time",
            "20 pages, a run with heartbeats",
            "held: each stop is shorter than every deadline")
        {
            Short = TimeSpan.FromSeconds(10),
            Full = TimeSpan.FromMinutes(2),
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(Pages);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                var began = TimeProvider.System.GetTimestamp();
                while (TimeProvider.System.GetElapsedTime(began) < bench.Duration)
                {
                    await bench.StopProcessAsync(TimeSpan.FromMilliseconds(700));
                    await HarmBench.PassAsync(TimeSpan.FromMilliseconds(300));
                }

                await bench.BackAsync();
            },
        };
    }

    private static async Task StarveAsync(HarmBench bench)
    {
        await bench.OpenManyAsync(Pages);
        await using var backend = await Backend.StartAsync(
            bench, "user-0", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        await HarmBench.PassAsync(TimeSpan.FromSeconds(1));
        await bench.StarveAsync(bench.Duration);
        await bench.BackAsync();
        await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
    }

    private static async Task StopAsync(HarmBench bench)
    {
        await bench.OpenManyAsync(Pages);
        await using var backend = await Backend.StartAsync(
            bench, "user-0", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        await HarmBench.PassAsync(TimeSpan.FromSeconds(1));

        await bench.StopProcessAsync(bench.Duration);

        await bench.BackAsync();
        await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
    }
}
