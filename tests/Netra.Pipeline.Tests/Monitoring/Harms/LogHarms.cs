using System.Text;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The log cannot commit, or is slow: that is the log's trouble, which has an alert of its own, and nobody else's.</summary>
internal static class LogHarms
{
    // A canary is stored as users' events are, and has failed as truly.
    private static readonly string[] Trouble = ["log_trouble", "critical_log", "unhealthy_check", "log_failed"];

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "log_locked_3min", Guard.Tick,
            "Another program holds the log's lock: nothing can be committed",
            "20 pages, two of them in runs",
            "all pages were reset as soon as it was over, and were shown `log_failed`")
        {
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(3),
            TrueAlerts = Trouble,
            TrueErrors = ["log_failed"],
            Happens = LockAsync,
        };
        yield return new(
            "log_locked_for_a_moment", Guard.Remediation,
            "The log's lock is held for less than is called trouble",
            "20 pages, two of them in runs",
            "held: shorter than every deadline")
        {
            Short = TimeSpan.FromSeconds(1.5),
            Full = TimeSpan.FromSeconds(1.5),
            Happens = LockAsync,
        };
        yield return new(
            "log_locked_while_a_request_is_open", Guard.Lease,
            "The log's lock is held while an open request feeds many runs",
            "50 runs, and their page",
            "its page was reset: the tick waited for the log")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(2),
            TrueAlerts = Trouble,
            TrueErrors = ["log_failed"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using var lines = await RunLines.OpenAsync(bench);
                for (var i = 0; i < 50; i++)
                {
                    await lines.SendAsync("ada", $"r{i}", "agent_started", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
                using (bench.LockLog())
                {
                    await HarmBench.PassAsync(bench.Duration);
                }

                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(6, 70)));
                for (var i = 0; i < 50; i++)
                {
                    await lines.SendAsync("ada", $"r{i}", "agent_completed", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
            },
        };
        yield return new(
            "log_locked_while_pages_confirm", Guard.Retry,
            "The log's lock is held while critical events are delivered and confirmed",
            "20 pages that acknowledge at once",
            "held: what is confirmed is known in memory before it is saved")
        {
            Short = TimeSpan.FromSeconds(9),
            Full = TimeSpan.FromMinutes(2),
            TrueAlerts = Trouble,
            TrueErrors = ["log_failed"],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                List<Task> waiting;
                using (bench.LockLog())
                {
                    waiting = [.. pages.Select(page => bench.BeginRunAsync(page.UserId, "r1", 3_600_000))];
                    await HarmBench.PassAsync(bench.Duration);
                }

                await bench.BackAsync();
                await Task.WhenAll(waiting);
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(3, 30)));
                await Task.WhenAll(pages.Select(page => bench.EndRunAsync(page.UserId, "r1")));
            },
        };
        yield return new(
            "disk_at_1_mb_per_s", Guard.EmergencyMode,
            "The disk is slow: the log's lock is held for four fifths of the time",
            "a publisher of much text, its page",
            "the page was shown `buffer_overflow`, though it was only late")
        {
            Count = (4_000, 30_000),
            Counted = "events of 1 KB",
            TrueAlerts = ["buffer_overflow"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.OpenManyAsync(10);
                using var over = new CancellationTokenSource();
                var slow = SlowDownAsync(bench, over.Token);
                var began = TimeProvider.System.GetTimestamp();
                await bench.PublishRunAsync("ada", "r1", bench.Count, 1_000);
                bench.Figure($"{bench.Count / TimeProvider.System.GetElapsedTime(began).TotalSeconds / 1_000:F1} MB/s");
                await over.CancelAsync();
                await slow;
                await bench.BackAsync();
            },
        };
        yield return new(
            "burst_on_a_cold_server", Guard.Queues,
            "Many publishers send as fast as they can, at once, to a server that has just started",
            "all of them",
            "pages were reset under load, since a late tick judged at once")
        {
            Count = (100_000, 400_000),
            Counted = "events",
            IsAlone = true,
            TrueAlerts = ["buffer_overflow"],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(20);
                await Task.WhenAll(Enumerable.Range(0, 20).Select(i => bench.PublishRunAsync($"user-{i}", "r1", bench.Count / 20)));
                await bench.BackAsync();
            },
        };
        yield return new(
            "data_file_away_for_a_moment", Guard.Files,
            "The log's file is not at its path for a moment, as when a file system fails to answer once, or a folder is put back",
            "20 pages, two of them in runs",
            "held: nobody looked")
        {
            Short = TimeSpan.FromSeconds(0.5),
            Full = TimeSpan.FromSeconds(0.5),
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(20);
                await bench.BeginRunAsync("user-0", "r1", 3_600_000);
                await bench.BeginRunAsync("user-1", "r1", 3_600_000);
                var (path, away) = (Path.Combine(bench.Folder, "netra.db"), Path.Combine(bench.Folder, "away"));
                for (var i = 0; i < 3; i++)
                {
                    File.Move(path, away);
                    await HarmBench.PassAsync(bench.Duration);
                    File.Move(away, path);
                    await bench.PublishAsync("user-1", "r1", "token", """{"delta":"word "}""");
                    await HarmBench.PassAsync(TimeSpan.FromSeconds(1));
                }

                await bench.BackAsync();
                await bench.EndRunAsync("user-0", "r1");
                await bench.EndRunAsync("user-1", "r1");
            },
        };
        yield return new(
            "overload_is_over", Guard.EmergencyMode,
            "The log refuses events for a moment, and then takes them again",
            "publishers of tokens, 10 pages",
            "held: at this length the queue took it; once it was full, emergency mode went on for a minute")
        {
            Short = TimeSpan.FromSeconds(1.5),
            Full = TimeSpan.FromSeconds(1.5),
            Settings = [("Netra:Log:Sqlite:QueueEntries", "200")],
            TrueAlerts = [.. Trouble, "emergency_mode", "failure_rate"],
            TrueErrors = ["emergency_mode", "log_full"],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(10);
                using (bench.LockLog())
                {
                    // Nobody reads the answers: what is refused is refused.
                    await using var flood = await RunLines.OpenAsync(bench);
                    await flood.SendBadAsync(
                        Encoding.UTF8.GetBytes(HarmBench.Json("nobody", "sick-1", "agent_started", """{"agent_name":"demo"}""") + "\n"));
                    await flood.SendBadAsync(Encoding.UTF8.GetBytes(
                        string.Concat(Enumerable.Repeat(HarmBench.Json("nobody", "sick-1", "token", """{"delta":"x"}""") + "\n", 400))));
                    await HarmBench.PassAsync(bench.Duration);
                }

                await bench.BackAsync();
                await bench.EndRunAsync("nobody", "sick-1");
            },
        };
        yield return new(
            "retention_of_a_backlog", Guard.Retention,
            "Retention deletes much while much is written",
            "a page that reads, the publisher",
            "held: a transaction deletes 2,000 rows at most")
        {
            Count = (20_000, 100_000),
            Counted = "events",
            Settings = [("Netra:Log:Sqlite:RetainedBytes", "1048576")],
            TrueAlerts = ["buffer_overflow"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                for (var sent = 0; sent < bench.Count; sent += 1_000)
                {
                    await bench.PublishRunAsync("ada", $"r{sent}", 1_000, 200);
                }

                await bench.BackAsync();
            },
        };
        yield return new(
            "disk_full", Guard.Remediation,
            "The disk is full, and has room again later",
            "20 pages that are open",
            "pages were reset, and the service was back after 3.4 s")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(3),
            Disk = "size=32m",
            TrueAlerts = Trouble,
            TrueErrors = ["log_failed"],
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

    private static async Task SlowDownAsync(HarmBench bench, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            using (bench.LockLog())
            {
                await HarmBench.PassAsync(TimeSpan.FromMilliseconds(480));
            }

            // Longer than SQLite's pause between two looks at a lock (100 ms): a slow disk delays each commit, and lets none fail.
            await HarmBench.PassAsync(TimeSpan.FromMilliseconds(120));
        }
    }

    private static async Task LockAsync(HarmBench bench)
    {
        await bench.OpenManyAsync(20);
        await using var quiet = await Backend.StartAsync(
            bench, "user-0", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
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
