using System.Globalization;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>A user is erased, the folder is copied, or nobody reads what the server says: others must not notice.</summary>
internal static class FolderHarms
{
    private const int LinesAtOnce = 4_000;

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "user_erased_beside_others", Guard.Erasure,
            "A user with many events is erased",
            "20 pages, a run with heartbeats, a publisher",
            "nobody could be erased")
        {
            Count = (20_000, 200_000),
            Counted = "events",
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(20);
                await bench.BeginRunAsync("user-1", "r1", 3_600_000);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await FillAsync(bench, "gone", bench.Count, bytes: 200);
                var erasing = bench.Http.DeleteAsync(bench.Address("/v1/users/gone"));
                var beside = await LatenciesAsync(bench, erasing);
                using var answer = await erasing;
                bench.Expect(answer.IsSuccessStatusCode, $"the erasure was answered {answer.StatusCode}");
                await bench.EndRunAsync("user-1", "r1");
                await bench.BackAsync();
                bench.Figure($"p99 meanwhile {P99(beside):F0} ms, {beside.Count} events");
            },
        };
        yield return new(
            "folder_copied_while_pages_read", Guard.Files,
            "The data folder is copied by the command backup, while much is stored",
            "20 pages, a run with heartbeats, a publisher",
            "there was no such copy")
        {
            Count = (20_000, 1_000_000),
            Counted = "events of 1 KB",
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(20);
                await bench.BeginRunAsync("user-1", "r1", 3_600_000);
                await FillAsync(bench, "much", bench.Count, bytes: 1_000);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                using var over = new CancellationTokenSource();
                var load = LoadAsync(bench, over.Token);
                await LatenciesAsync(bench, HarmBench.PassAsync(TimeSpan.FromSeconds(1)));
                var calm = await LatenciesAsync(bench, HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(2, 20))));
                var copy = Path.Combine(Directory.CreateTempSubdirectory("netra-copy-").FullName, "copy");
                try
                {
                    var begun = TimeProvider.System.GetTimestamp();
                    var copying = ServerProcess.PrintedByAsync("backup", copy, $"--Netra:DataDirectory={bench.Folder}");
                    var beside = await LatenciesAsync(bench, copying);
                    await copying;
                    var took = TimeProvider.System.GetElapsedTime(begun);
                    await over.CancelAsync();
                    var stored = await load;
                    await bench.EndRunAsync("user-1", "r1");
                    await bench.BackAsync();
                    bench.Figure(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{new FileInfo(Path.Combine(copy, "netra.db")).Length / 1e6:F0} MB copied in {took.TotalSeconds:F1} s, p99 "
                        + $"{P99(calm):F1} ms before ({calm.Count} events) and {P99(beside):F1} ms meanwhile ({beside.Count}), beside "
                        + $"{stored} events of 1 KB"));
                }
                finally
                {
                    await over.CancelAsync();
                    Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
                }
            },
        };
        yield return new(
            "output_that_nobody_reads", Guard.Output,
            "Nobody reads the server's standard output, and it has much to say; later somebody reads it again",
            "20 pages, a run with heartbeats, a publisher",
            "whoever logged waited for the reader, and so did a stop, for 40 s")
        {
            Short = TimeSpan.FromSeconds(4),
            Full = TimeSpan.FromMinutes(3),
            HasReader = true,
            Settings =
            [
                ("Netra:Logging:BufferBytes", "65536"),
                ("Logging:LogLevel:Default", "Trace"),
                ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
            ],
            Happens = static async bench =>
            {
                await bench.OpenManyAsync(20);
                await bench.BeginRunAsync("user-1", "r1", 3_600_000);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await bench.Server.SignalChildAsync("STOP");
                var beside = await LatenciesAsync(bench, HarmBench.PassAsync(bench.Duration));
                for (var i = 0; i < 500; i++)
                {
                    using var probe = await bench.Http.GetAsync(bench.Address("/livez"));
                }

                await bench.EndRunAsync("user-1", "r1");
                await bench.BackAsync();
                await bench.Server.SignalChildAsync("CONT");
                var began = TimeProvider.System.GetTimestamp();
                while (!bench.Server.Output.Contains("[1702]", StringComparison.Ordinal)
                    && TimeProvider.System.GetElapsedTime(began) < TestClient.Patience)
                {
                    await HarmBench.PassAsync(TimeSpan.FromMilliseconds(20));
                }

                bench.Expect(bench.Server.Output.Contains("[1702]", StringComparison.Ordinal), "it was not told how much was dropped");
                bench.Figure($"p99 meanwhile {P99(beside):F0} ms, {beside.Count} events");
            },
        };
    }

    /// <summary>Events of a user whom nobody reads, until there are so many.</summary>
    private static async Task FillAsync(HarmBench bench, string user, int count, int bytes, int atOnce = LinesAtOnce, int round = 0)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"sick-{round}");
        var line = Encoding.UTF8.GetBytes(
            HarmBench.Json(user, run, "token", $$"""{"delta":"{{new string('x', bytes)}}"}""") + "\n");
        for (var sent = 0; sent < count; sent += atOnce)
        {
            using var lines = new MemoryStream();
            if (sent == 0)
            {
                lines.Write(Encoding.UTF8.GetBytes(HarmBench.Json(user, run, "agent_started", """{"agent_name":"demo"}""") + "\n"));
            }

            for (var i = 0; i < atOnce; i++)
            {
                lines.Write(line);
            }

            if (sent + atOnce >= count)
            {
                lines.Write(Encoding.UTF8.GetBytes(HarmBench.Json(user, run, "agent_completed", """{"agent_name":"demo"}""") + "\n"));
            }

            using var content = new ByteArrayContent(lines.ToArray());
            content.Headers.ContentType = new("application/x-ndjson");
            using var answer = await bench.Http.PostAsync(bench.Address("/v1/events"), content);
            var text = await answer.Content.ReadAsStringAsync();
            bench.Expect(
                !text.Contains("rejected", StringComparison.Ordinal), $"{user} was refused events: {text[..Math.Min(200, text.Length)]}");
        }
    }

    /// <summary>Stores 1,000 events a second, or as many as the machine can.</summary>
    /// <returns>How many it were.</returns>
    private static async Task<int> LoadAsync(HarmBench bench, CancellationToken until)
    {
        const int AtOnce = 100;
        var rounds = 0;
        for (; !until.IsCancellationRequested; rounds++)
        {
            await FillAsync(bench, "load", AtOnce, bytes: 1_000, AtOnce, rounds);
            await HarmBench.PassAsync(TimeSpan.FromMilliseconds(100));
        }

        return rounds * AtOnce;
    }

    /// <summary>Publishes event after event to a page that reads, until something is over.</summary>
    /// <returns>How long each took from its request to the page, in milliseconds.</returns>
    private static async Task<List<double>> LatenciesAsync(HarmBench bench, Task until)
    {
        var took = new List<double>();
        var page = bench.PageOf("user-1");
        while (!until.IsCompleted)
        {
            var begun = TimeProvider.System.GetTimestamp();
            var seq = await bench.PublishAsync("user-1", "r1", "token", """{"delta":"word "}""");
            await page.WhenAsync(() => page.HasSeen(seq), TestClient.Patience, "the event arrives");
            took.Add(TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds);
            await HarmBench.PassAsync(TimeSpan.FromMilliseconds(10));
        }

        return took;
    }

    private static double P99(List<double> took) => took.Count == 0 ? 0 : took.Order().ElementAt((int)(took.Count * 0.99));
}
