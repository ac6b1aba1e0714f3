using System.Globalization;
using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Many at once: users, reconnects, sockets.</summary>
internal static class CrowdHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new(
            "reconnects_at_once", Guard.Ping,
            "A network comes back, and all pages with it, within the same second",
            "the pages",
            "held: all back after 0.4 s")
        {
            Count = (1_000, 5_000),
            Counted = "pages",
            IsAlone = true,
            TrueAlerts = ["unhealthy_check"],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(bench.Count);
                await bench.BeginRunAsync("user-0", "r1", 3_600_000);
                await Task.WhenAll(pages.Select(static page => page.DropAsync(TimeSpan.FromSeconds(1))));
                var began = TimeProvider.System.GetTimestamp();
                await Task.WhenAll(pages.Select(static page => page.WhenAsync(() => page.IsThere, TimeSpan.FromSeconds(30), "it is back")));
                bench.Figure($"all back after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s");
                bench.Figure($"{pages.Sum(static page => page.Refusals)} refused");
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(5, 30)));
                await bench.EndRunAsync("user-0", "r1");
            },
        };
        yield return new(
            "users_100000", Guard.Retention,
            "Far more users pass through than metrics are kept of",
            "a page that reads",
            "pages were reset; each user above 10,000 cost the writer 3 ms")
        {
            Count = (12_000, 100_000),
            Counted = "users",
            IsAlone = true,
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                using var over = new CancellationTokenSource();
                var probing = ProbeAsync(bench, over.Token);
                var began = TimeProvider.System.GetTimestamp();
                await Task.WhenAll(Enumerable.Range(0, 4).Select(part => PublishAsync(bench, part)));
                bench.Figure($"{bench.Count / TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} users/s");
                await over.CancelAsync();
                var worst = await probing;
                bench.Figure($"a run took {worst.TotalMilliseconds:F0} ms at worst meanwhile");
                bench.Expect(worst < TimeSpan.FromSeconds(1), $"a run took {worst.TotalSeconds:F1} s while users passed through");
                await bench.BackAsync();
            },
        };
        yield return new(
            "handles_run_out", Guard.Handles,
            "Silent connections take all file handles",
            "10 pages that are there, a run with heartbeats",
            "the bridge was failed, which was shown to pages and alarmed; back after 1.8 s")
        {
            Count = (400, 1_500),
            Counted = "silent connections",
            Short = TimeSpan.FromSeconds(5),
            Full = TimeSpan.FromMinutes(1),
            Handles = 500,
            IsAlone = true,
            TrueAlerts = ["handles_running_out", "unhealthy_check", "critical_log"],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(10);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                var silent = new List<Socket>();
                try
                {
                    for (var i = 0; i < bench.Count; i++)
                    {
                        silent.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                        try
                        {
                            await silent[i].ConnectAsync("127.0.0.1", bench.Port);
                        }
                        catch (SocketException)
                        {
                            // The surplus is closed at once.
                        }
                    }

                    await HarmBench.PassAsync(bench.Duration);
                }
                finally
                {
                    silent.ForEach(static socket => socket.Dispose());
                }

                await bench.BackAsync();
                await bench.OpenAsync("newcomer");
            },
        };
    }

    private static async Task PublishAsync(HarmBench bench, int part)
    {
        await using var lines = await RunLines.OpenAsync(bench);
        for (var i = part; i < bench.Count; i += 4)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"passer-{i}");
            await lines.SendAsync(user, "r1", "agent_started", """{"agent_name":"demo"}""");
            await lines.SendAsync(user, "r1", "agent_completed", """{"agent_name":"demo"}""");
            if (i % 400 == part)
            {
                await lines.ReadAllAsync();
            }
        }

        await lines.ReadAllAsync();
    }

    private static async Task<TimeSpan> ProbeAsync(HarmBench bench, CancellationToken until)
    {
        var worst = TimeSpan.Zero;
        while (!until.IsCancellationRequested)
        {
            var took = await bench.ProbeAsync();
            worst = took > worst ? took : worst;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }

        return worst;
    }
}
