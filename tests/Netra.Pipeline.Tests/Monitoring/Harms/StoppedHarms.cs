namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The server's process stands still, as a moved virtual machine or a laptop does: nobody was asked, so nobody has failed to answer.</summary>
internal static class StoppedHarms
{
    private const int Pages = 20;

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "process_stopped_20s", Guard.Tick, "The server's process stands still for less than a ping's whole time", "20 pages, a run with heartbeats", "all 20 pages were reset, none was asked")
        {
            Pending = "TIME",
            Short = TimeSpan.FromSeconds(3),
            Full = TimeSpan.FromSeconds(20),
            Happens = StopAsync,
        };
        yield return new(
            "process_stopped_5min", Guard.Ping, "The server's process stands still for much longer than a ping's whole time", "20 pages, a run with heartbeats", "all pages were reset, the run stalled, `silent_failures` was alarmed")
        {
            Pending = "TIME",
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(5),
            Happens = StopAsync,
        };
        yield return new(
            "process_stopped_before_it_read_the_ack", Guard.Unconfirmed, "It stands still while acknowledgements of critical events are on their way", "20 pages that acknowledge at once", "all pages were reset, all runs stalled, `silent_failures` was alarmed")
        {
            Pending = "TIME",
            Short = TimeSpan.FromSeconds(9),
            Full = TimeSpan.FromMinutes(2),
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(Pages);
                foreach (var page in pages)
                {
                    await bench.BeginRunAsync(page.UserId, "r1");
                }

                // Nobody reads while it stands still, but what was sent by then is answered into the kernel's buffers.
                await bench.StopProcessAsync(bench.Duration);
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(2, 12)));
                foreach (var page in pages)
                {
                    await bench.EndRunAsync(page.UserId, "r1");
                }
            },
        };
        yield return new(
            "process_stopped_again_and_again", Guard.Canary, "It stands still for moments, over and over, as in a machine whose neighbours take its time", "20 pages, a run with heartbeats", "held: each stop is shorter than every deadline")
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

    private static async Task StopAsync(HarmBench bench)
    {
        await bench.OpenManyAsync(Pages);
        await using var backend = await Backend.StartAsync(bench, "user-0", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        await HarmBench.PassAsync(TimeSpan.FromSeconds(1));

        await bench.StopProcessAsync(bench.Duration);

        await bench.BackAsync();
        await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
    }
}
