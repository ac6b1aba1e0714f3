using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Runs that are quiet, and have said why or are fed by somebody who is there.</summary>
internal static class LeaseHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new(
            "thousand_runs_on_one_request", Guard.Lease,
            "One open request has published to many runs, and is silent",
            "the runs, and their pages",
            "all runs stalled and then failed")
        {
            Count = (1_000, 1_000),
            Counted = "runs",
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromSeconds(90),
            Happens = static async bench =>
            {
                await using var lines = await RunLines.OpenAsync(bench);
                await bench.OpenAsync("ada");
                for (var i = 0; i < bench.Count; i++)
                {
                    await lines.SendAsync(
                        "ada", string.Create(CultureInfo.InvariantCulture, $"r{i}"), "agent_started", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
                await HarmBench.PassAsync(bench.Duration);
                await bench.BackAsync();

                // Cut in the middle, as disposing does, they would be called stalled, and rightly.
                for (var i = 0; i < bench.Count; i++)
                {
                    await lines.SendAsync(
                        "ada", string.Create(CultureInfo.InvariantCulture, $"r{i}"), "agent_completed", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
            },
        };
        yield return new(
            "request_cut_back_after_5s", Guard.Lease,
            "The request that feeds a run is cut, and the publisher is back at once",
            "the run",
            "the lease stayed as short as a broken one, and the run failed")
        {
            Short = TimeSpan.FromSeconds(0.6),
            Full = TimeSpan.FromSeconds(5),

            // So that neither of its silences is as long as a lease where the machine adds a second to it.
            ShortSettings = [("Netra:Monitoring:BrokenRequestLease", "00:00:02"), ("Netra:Monitoring:RunLease", "00:00:06")],
            Happens = static bench => CutAsync(bench, leaseMs: null),
        };
        yield return new(
            "request_cut_back_after_25s", Guard.Lease,
            "The request that feeds a run is cut, and the publisher is back after more than two broken leases",
            "the run",
            "the run failed after two broken leases")
        {
            Short = TimeSpan.FromSeconds(2.5),
            Full = TimeSpan.FromSeconds(25),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static bench => CutAsync(bench, leaseMs: null),
        };
        yield return new(
            "request_cut_back_after_10min", Guard.Lease,
            "The same, within a lease that the run has declared",
            "the run",
            "the run failed after two broken leases, within the lease that it had declared")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(10),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static bench => CutAsync(bench, leaseMs: HarmBench.Either(12_000, 900_000)),
        };
        yield return new(
            "two_requests_feed_one_run", Guard.Lease,
            "Of two requests that feed a run one is cut; the other one stays open, and silent",
            "the run",
            "held: the request that is open renewed the run")
        {
            Short = TimeSpan.FromSeconds(6),
            Full = TimeSpan.FromSeconds(90),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using var kept = await RunLines.OpenAsync(bench);
                await kept.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await kept.ReadAllAsync();
                var cut = await RunLines.OpenAsync(bench);
                await cut.SendAsync("ada", "r1", "token", """{"delta":"word "}""");
                await cut.SendAsync("ada", "r2", "agent_started", """{"agent_name":"demo"}""");
                await cut.ReadAllAsync();
                await kept.SendAsync("ada", "r2", "token", """{"delta":"word "}""");
                await kept.ReadAllAsync();
                await cut.DisposeAsync();
                await HarmBench.PassAsync(bench.Duration);
                await kept.SendAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await kept.SendAsync("ada", "r2", "agent_completed", """{"agent_name":"demo"}""");
                await kept.ReadAllAsync();
                await bench.BackAsync();
            },
        };
        yield return new(
            "slow_publisher", Guard.Lease,
            "A request is open and silent for longer than a lease",
            "the run",
            "held: the open request renewed it")
        {
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(10),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using var lines = await RunLines.OpenAsync(bench);
                await lines.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await lines.ReadAllAsync();
                await HarmBench.PassAsync(bench.Duration);
                await lines.SendAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await lines.ReadAllAsync();
                await bench.BackAsync();
            },
        };
        yield return new(
            "publisher_that_says_nothing_at_all", Guard.Lease,
            "A request is open and silent for longer than a run may be",
            "the run",
            "the run failed within the open request")
        {
            Short = TimeSpan.FromSeconds(17),
            Full = TimeSpan.FromMinutes(16),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using var lines = await RunLines.OpenAsync(bench);
                await lines.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await lines.ReadAllAsync();
                await HarmBench.PassAsync(bench.Duration);
                await lines.SendAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await lines.ReadAllAsync();
                await bench.BackAsync();
            },
        };
        yield return new(
            "slow_tool", Guard.Lease,
            "A tool takes longer than a run may say nothing, and its backend says heartbeat",
            "the run",
            "held: heartbeats renewed it")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(4),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using (await Backend.StartAsync(
                    bench, "ada", "r1", HarmBench.Either(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20))))
                {
                    await bench.PublishAsync("ada", "r1", "tool_executing", """{"tool_name":"search","call_id":"c1"}""");
                    await HarmBench.PassAsync(bench.Duration);
                    await bench.PublishAsync("ada", "r1", "tool_completed", """{"tool_name":"search","call_id":"c1"}""");
                }

                await bench.BackAsync();
            },
        };
        yield return new(
            "wait_shorter_than_the_lease", Guard.Lease,
            "A run says that it waits for a moment, within a lease that is longer",
            "the run",
            "held: the lease was the later deadline")
        {
            Short = TimeSpan.FromSeconds(6),
            Full = TimeSpan.FromMinutes(2),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await bench.SignAsync("ada", "r1", "waiting", Until(TimeSpan.FromSeconds(1)));
                await HarmBench.PassAsync(bench.Duration);
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
        yield return new(
            "heartbeat_in_a_wait", Guard.Lease,
            "A backend says heartbeat while its run waits for somebody's answer",
            "the run",
            "`heartbeat` ended the wait, and the run stalled")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(3),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1");
                await bench.SignAsync("ada", "r1", "waiting", Until(bench.Duration + TimeSpan.FromSeconds(30)));
                await bench.SignAsync("ada", "r1", "heartbeat");
                await HarmBench.PassAsync(bench.Duration);
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
        yield return new(
            "abandoned_runs_beside_healthy_ones", Guard.Lease,
            "A backend dies and leaves many runs, all at once",
            "a run with heartbeats, the pages of other users",
            "held with 3,000 runs; with 74,000 verdicts came 128 s late")
        {
            Count = (3_000, 100_000),
            Counted = "runs",
            IsAlone = true,
            Settings = [("Netra:Monitoring:MaxWatchedRuns", "200000")],
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check", "failure_rate"],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(5);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await using (var dying = await RunLines.OpenAsync(bench))
                {
                    for (var i = 0; i < bench.Count; i++)
                    {
                        await dying.SendAsync(
                            string.Create(CultureInfo.InvariantCulture, $"left-{i % 100}"),
                            string.Create(CultureInfo.InvariantCulture, $"sick-{i}"),
                            "agent_started",
                            """{"agent_name":"demo","lease_ms":3000}""");
                    }

                    await dying.ReadAllAsync();
                }

                // Two leases, and the verdicts.
                var watch = FairStopwatch.Start();
                var worst = TimeSpan.Zero;
                while (watch.Elapsed < TimeSpan.FromSeconds(HarmBench.Either(9, 30)))
                {
                    var took = await bench.ProbeAsync();
                    worst = took > worst ? took : worst;
                    await HarmBench.PassAsync(TimeSpan.FromMilliseconds(50));
                }

                bench.Figure($"a run took {worst.TotalMilliseconds:F0} ms at worst meanwhile");
                bench.Expect(worst < TimeSpan.FromSeconds(1), $"a run took {worst.TotalSeconds:F1} s while verdicts were given");
                await bench.BackAsync();
                var waited = watch.Waited;
                var late = await bench.LatenessOfVerdictsAsync(TimeSpan.FromSeconds(3));
                bench.Figure($"verdicts came {late.TotalSeconds:F1} s late at worst");
                bench.Expect(
                    late - waited < TimeSpan.FromSeconds(HarmBench.Either(3, 20)), $"a verdict came {late.TotalSeconds:F1} s late");
            },
        };
        yield return new(
            "abandoned_runs_of_a_reader", Guard.ErrorFrames,
            "A backend dies and leaves many runs of one user, who reads",
            "the user's page",
            "the page was shown an error for each run")
        {
            Count = (1_000, 10_000),
            Counted = "runs",
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check", "failure_rate", "buffer_overflow"],
            TrueErrors = ["lease_expired"],
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada");
                await using (var dying = await RunLines.OpenAsync(bench))
                {
                    for (var i = 0; i < bench.Count; i++)
                    {
                        await dying.SendAsync(
                            "ada",
                            string.Create(CultureInfo.InvariantCulture, $"sick-{i}"),
                            "agent_started",
                            """{"agent_name":"demo","lease_ms":3000}""");
                    }

                    await dying.ReadAllAsync();
                }

                var last = string.Create(CultureInfo.InvariantCulture, $"sick-{bench.Count - 1}");
                await page.WhenAsync(() => page.EndOf(last) is not null, TimeSpan.FromSeconds(30), "the last run is ended");
                await bench.BackAsync();
                bench.Expect(page.Errors.Count <= 30, $"the page was shown {page.Errors.Count} errors");
            },
        };
        yield return new(
            "slow_human", Guard.Lease,
            "A run waits for somebody's answer, and has said so",
            "the run, its tool, its page",
            "`heartbeat` ended the wait: the run stalled, `stuck_tools` and `silent_failures` were alarmed")
        {
            Short = TimeSpan.FromSeconds(14),
            Full = TimeSpan.FromMinutes(8),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1");
                await bench.PublishAsync("ada", "r1", "tool_executing", """{"tool_name":"ask","call_id":"c1"}""");
                await bench.SignAsync("ada", "r1", "waiting", Until(bench.Duration + TimeSpan.FromSeconds(60)));
                await bench.SignAsync("ada", "r1", "heartbeat");
                await HarmBench.PassAsync(bench.Duration);
                await bench.PublishAsync("ada", "r1", "tool_completed", """{"tool_name":"ask","call_id":"c1"}""");
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
        yield return new(
            "thousand_runs_wait", Guard.Lease,
            "Many runs wait for approvals, each with a tool that is open; some get theirs, the others are ended",
            "the runs, their pages, a run with heartbeats",
            "runs asked nobody")
        {
            Count = (1_000, 10_000),
            Counted = "runs",
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(6),
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(10);
                await using var backend = await Backend.StartAsync(bench, "bob", "r1", TimeSpan.FromSeconds(1));
                await using (var lines = await RunLines.OpenAsync(bench))
                {
                    await ForEachAsync(lines, "agent_started", """{"agent_name":"demo"}""");
                    await ForEachAsync(lines, "tool_executing", Deletes);
                    await ForEachAsync(lines, "run_waiting", Approval);
                }

                // The request is cut: nobody says anything of these runs any more.
                await HarmBench.PassAsync(bench.Duration);
                await bench.BackAsync();
                for (var i = 0; i < 100; i++)
                {
                    await bench.AnswerAsync(UserOf(i), RunOf(i));
                    await bench.PublishAsync(UserOf(i), RunOf(i), "tool_completed", Deletes);
                    await bench.EndRunAsync(UserOf(i), RunOf(i));
                }

                await using var last = await RunLines.OpenAsync(bench);
                await ForEachAsync(last, "tool_completed", Deletes, from: 100);
                await ForEachAsync(last, "agent_completed", """{"agent_name":"demo"}""", from: 100);

                async Task ForEachAsync(RunLines lines, string type, string data, int from = 0)
                {
                    for (var i = from; i < bench.Count; i++)
                    {
                        await lines.SendAsync(UserOf(i), RunOf(i), type, data);
                    }

                    await lines.ReadAllAsync();
                }

                string UserOf(int i) => pages[i % pages.Length].UserId;

                static string RunOf(int i) => string.Create(CultureInfo.InvariantCulture, $"r{i}");
            },
        };
    }

    /// <summary>The data of a tool's events.</summary>
    public const string Deletes = """{"tool_name":"delete","call_id":"c1"}""";

    /// <summary>The data of a <c>run_waiting</c>.</summary>
    public const string Approval = """{"request_id":"q1","kind":"approval","prompt":"Delete the draft?","call_id":"c1"}""";

    /// <summary>The data of <c>waiting</c>.</summary>
    public static string Until(TimeSpan from)
        => string.Create(
            CultureInfo.InvariantCulture, $$"""{"until":{{(TimeProvider.System.GetUtcNow() + from).ToUnixTimeMilliseconds() / 1000.0}}}""");

    private static async Task CutAsync(HarmBench bench, int? leaseMs)
    {
        await bench.OpenAsync("ada");
        var lines = await RunLines.OpenAsync(bench);
        await lines.SendAsync(
            "ada",
            "r1",
            "agent_started",
            leaseMs is { } lease ? $$"""{"agent_name":"demo","lease_ms":{{lease}}}""" : """{"agent_name":"demo"}""");
        await lines.ReadAllAsync();
        await lines.DisposeAsync();
        await HarmBench.PassAsync(bench.Duration);

        await bench.SignAsync("ada", "r1", "heartbeat");
        await bench.PublishAsync("ada", "r1", "token", """{"delta":"word "}""");

        // The lease is the one that it had before: more than a broken one may pass.
        await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(3, 30)));
        await bench.PublishAsync("ada", "r1", "token", """{"delta":"word "}""");
        await bench.EndRunAsync("ada", "r1");
        await bench.BackAsync();
    }
}
