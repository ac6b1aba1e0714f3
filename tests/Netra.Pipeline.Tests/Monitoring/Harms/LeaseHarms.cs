using System.Globalization;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Runs that are quiet, and have said why or are fed by somebody who is there.</summary>
internal static class LeaseHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new("thousand_runs_on_one_request", Guard.Lease, "One open request has published to many runs, and is silent", "the runs, and their pages", "all runs stalled and then failed")
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
                    await lines.SendAsync("ada", string.Create(CultureInfo.InvariantCulture, $"r{i}"), "agent_started", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
                await HarmBench.PassAsync(bench.Duration);
                await bench.BackAsync();

                // Cut in the middle, as disposing does, they would be called stalled, and rightly.
                for (var i = 0; i < bench.Count; i++)
                {
                    await lines.SendAsync("ada", string.Create(CultureInfo.InvariantCulture, $"r{i}"), "agent_completed", """{"agent_name":"demo"}""");
                }

                await lines.ReadAllAsync();
            },
        };
        yield return new("request_cut_back_after_5s", Guard.Lease, "The request that feeds a run is cut, and the publisher is back at once", "the run", "the lease stayed as short as a broken one, and the run failed")
        {
            Short = TimeSpan.FromSeconds(0.6),
            Full = TimeSpan.FromSeconds(5),
            Happens = static bench => CutAsync(bench, leaseMs: null),
        };
        yield return new("request_cut_back_after_25s", Guard.Lease, "The request that feeds a run is cut, and the publisher is back after more than two broken leases", "the run", "the run failed after two broken leases")
        {
            Short = TimeSpan.FromSeconds(2.5),
            Full = TimeSpan.FromSeconds(25),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static bench => CutAsync(bench, leaseMs: null),
        };
        yield return new("request_cut_back_after_10min", Guard.Lease, "The same, within a lease that the run has declared", "the run", "the run failed after two broken leases, within the lease that it had declared")
        {
            Short = TimeSpan.FromSeconds(8),
            Full = TimeSpan.FromMinutes(10),
            MayStall = true,
            TrueAlerts = ["stalled_runs", "silent_failures", "critical_log", "unhealthy_check"],
            Happens = static bench => CutAsync(bench, leaseMs: HarmBench.Either(12_000, 900_000)),
        };
        yield return new("slow_human", Guard.Lease, "A run waits for somebody's answer, and has said so", "the run, its tool, its page", "`heartbeat` ended the wait: the run stalled, `stuck_tools` and `silent_failures` were alarmed")
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
    }

    /// <summary>The data of <c>waiting</c>.</summary>
    public static string Until(TimeSpan from)
        => string.Create(CultureInfo.InvariantCulture, $$"""{"until":{{(TimeProvider.System.GetUtcNow() + from).ToUnixTimeMilliseconds() / 1000.0}}}""");

    private static async Task CutAsync(HarmBench bench, int? leaseMs)
    {
        await bench.OpenAsync("ada");
        var lines = await RunLines.OpenAsync(bench);
        await lines.SendAsync("ada", "r1", "agent_started", leaseMs is { } lease ? $$"""{"agent_name":"demo","lease_ms":{{lease}}}""" : """{"agent_name":"demo"}""");
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
