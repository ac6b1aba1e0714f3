namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The log cannot commit, or is slow: that is the log's trouble, which has an alert of its own, and nobody else's.</summary>
internal static class LogHarms
{
    private static readonly string[] Trouble = ["log_trouble", "critical_log", "unhealthy_check", "log_failed"];

    public static IEnumerable<Harm> All()
    {
        yield return new("log_locked_3min", Guard.Tick, "Another program holds the log's lock: nothing can be committed", "20 pages, two of them in runs", "all pages were reset as soon as it was over, and were shown `log_failed`")
        {
            Pending = "TIME, STORAGE",
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(3),
            TrueAlerts = Trouble,
            Happens = LockAsync,
        };
        yield return new("log_locked_for_a_moment", Guard.Remediation, "The log's lock is held for less than is called trouble", "20 pages, two of them in runs", "held")
        {
            Short = TimeSpan.FromSeconds(1.5),
            Full = TimeSpan.FromSeconds(1.5),
            Happens = LockAsync,
        };
        yield return new("disk_full", Guard.Remediation, "The disk is full, and has room again later", "20 pages that are open", "pages were reset, `canary_failed` and `background_failed` were alarmed, and the service was back after 3.4 s")
        {
            Pending = "TIME, STORAGE",
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(3),
            Disk = "size=32m",
            TrueAlerts = Trouble,
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                bench.Disk.Fill();
                var waiting = pages.Take(5).Select(page => bench.BeginRunAsync(page.UserId, "r1")).ToList();
                await HarmBench.PassAsync(bench.Duration);
                bench.Disk.MakeRoom();
                await bench.BackAsync();
                await Task.WhenAll(waiting);
                await Task.WhenAll(pages.Take(5).Select(page => bench.EndRunAsync(page.UserId, "r1")));
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(3, 30)));
            },
        };
    }

    private static async Task LockAsync(HarmBench bench)
    {
        await bench.OpenManyAsync(20);
        await using var quiet = await Backend.StartAsync(bench, "user-0", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        await bench.BeginRunAsync("user-1", "r1", 3_600_000);
        Task<long> waiting;
        using (bench.LockLog())
        {
            waiting = bench.PublishAsync("user-1", "r1", "token", """{"delta":"word "}""");
            await HarmBench.PassAsync(bench.Duration);
        }

        await bench.BackAsync();
        await waiting;
        await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(3, 30)));
        await bench.EndRunAsync("user-1", "r1");
    }
}
