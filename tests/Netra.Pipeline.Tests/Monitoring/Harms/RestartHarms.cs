namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The server is stopped or killed, and starts again: what was declared before holds after.</summary>
internal static class RestartHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return Wait("restart_in_mid_wait", "The server is restarted while a run waits for somebody's answer", "TERM");
        yield return Wait("killed_in_mid_wait", "The server is killed while a run waits for somebody's answer", "KILL") with { IsKilled = true };
        yield return new("deployment", Guard.Remediation, "A new version is deployed: the server stops and another one starts", "50 pages that come back, a run with heartbeats", "held")
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
