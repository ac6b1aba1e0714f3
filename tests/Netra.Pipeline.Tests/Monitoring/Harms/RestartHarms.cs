namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The server is stopped or killed, and starts again: what was declared before holds after.</summary>
internal static class RestartHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return Wait("restart_in_mid_wait", "The server is restarted while a run waits for somebody's answer", "TERM");
        yield return Wait("killed_in_mid_wait", "The server is killed while a run waits for somebody's answer", "KILL") with
        {
            IsKilled = true,
        };
        yield return Approval(
            "restart_in_mid_approval", "The server is restarted while a run waits for an approval, its tool open", "TERM");
        yield return Approval(
            "killed_in_mid_approval", "The server is killed while a run waits for an approval, its tool open", "KILL") with
        {
            IsKilled = true,
        };
        yield return Lease("restart_within_a_declared_lease", "The server is restarted while a run has declared a long silence", "TERM");
        yield return Lease("killed_within_a_declared_lease", "The server is killed while a run has declared a long silence", "KILL") with
        {
            IsKilled = true,
        };
        yield return new(
            "deployment_with_an_open_request", Guard.Lease,
            "The server is restarted while a request feeds a run; its publisher comes back",
            "the run, its page",
            "held at this length: the publisher was back within the usual lease")
        {
            Short = TimeSpan.FromSeconds(4),
            Full = TimeSpan.FromMinutes(1),
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using (var before = await RunLines.OpenAsync(bench))
                {
                    await before.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                    await before.ReadAllAsync();
                    await bench.RestartAsync("TERM");
                }

                await bench.BackAsync();
                await using var after = await RunLines.OpenAsync(bench);
                await after.SendAsync("ada", "r1", "token", """{"delta":"word "}""");
                await after.ReadAllAsync();
                await HarmBench.PassAsync(bench.Duration * 2);
                await after.SendAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await after.ReadAllAsync();
            },
        };
        yield return new(
            "killed_while_pages_read", Guard.Unconfirmed,
            "The server is killed in the middle of answers, and starts again",
            "20 pages that come back, their runs",
            "runs within their leases stalled, and a page that came while the server started was `silent_failures`, at CRITICAL")
        {
            Short = TimeSpan.FromSeconds(2),
            Full = TimeSpan.FromSeconds(10),
            IsKilled = true,
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await Task.WhenAll(pages.Select(page => bench.BeginRunAsync(page.UserId, "r1", 3_600_000)));
                using var over = new CancellationTokenSource();
                var writing = pages.Select(page => bench.PublishTokensAsync(page.UserId, "r1", TimeSpan.FromMilliseconds(20), over.Token))
                    .ToList();
                await HarmBench.PassAsync(bench.Duration);
                await bench.RestartAsync("KILL");
                await bench.BackAsync();
                await HarmBench.PassAsync(bench.Duration);
                await over.CancelAsync();
                await Task.WhenAll(writing);
                await Task.WhenAll(pages.Select(page => bench.EndRunAsync(page.UserId, "r1")));
            },
        };
        yield return new(
            "deployment", Guard.Remediation,
            "A new version is deployed: the server stops and another one starts",
            "50 pages that come back, a run with heartbeats",
            "held once, and once the page that came before the server was ready raised a CRITICAL alarm")
        {
            Count = (50, 1_000),
            Counted = "pages",
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(bench.Count);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await bench.RestartAsync("TERM");
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(5, 60)));
            },
        };
    }

    private static Harm Lease(string name, string situation, string signal)
        => new(name, Guard.Lease, situation, "the run, and its page", "the lease was forgotten, and the run stalled")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(3),
            Happens = async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await HarmBench.PassAsync(TimeSpan.FromSeconds(1));
                await bench.RestartAsync(signal);
                await bench.BackAsync();
                await HarmBench.PassAsync(bench.Duration);
                await bench.EndRunAsync("ada", "r1");
            },
        };

    private static Harm Approval(string name, string situation, string signal)
        => new(name, Guard.Lease, situation, "the run, its tool, its page", "runs asked nobody")
        {
            // Longer than a tool may run.
            Short = TimeSpan.FromSeconds(12),
            Full = TimeSpan.FromMinutes(6),
            Happens = async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1");
                await bench.PublishAsync("ada", "r1", "tool_executing", LeaseHarms.Deletes);
                await bench.PublishAsync("ada", "r1", "run_waiting", LeaseHarms.Approval);
                await bench.RestartAsync(signal);
                await bench.BackAsync();
                await HarmBench.PassAsync(bench.Duration);
                await bench.AnswerAsync("ada", "r1");
                await bench.PublishAsync("ada", "r1", "tool_completed", LeaseHarms.Deletes);
                await bench.EndRunAsync("ada", "r1");
            },
        };

    private static Harm Wait(string name, string situation, string signal)
        => new(name, Guard.Lease, situation, "the run, and its page", "the wait was forgotten, and the run stalled")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(3),
            Happens = async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1");
                await bench.SignAsync("ada", "r1", "waiting", LeaseHarms.Until(bench.Duration + TimeSpan.FromSeconds(30)));
                await HarmBench.PassAsync(TimeSpan.FromSeconds(1));
                await bench.RestartAsync(signal);
                await bench.BackAsync();

                // Longer than a lease of runs that have declared nothing.
                await HarmBench.PassAsync(bench.Duration);
                await bench.PublishAsync("ada", "r1", "token", """{"delta":"the answer"}""");
                await bench.EndRunAsync("ada", "r1");
            },
        };
}
