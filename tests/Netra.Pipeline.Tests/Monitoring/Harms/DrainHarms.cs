namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Pages are asked to go elsewhere: they must not be worse off than without being asked.</summary>
internal static class DrainHarms
{
    private const string Route = "/monitoring/websocket/drain";

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "drained_while_alone", Guard.Drain,
            "A server is drained while there is no other one; later it is restarted",
            "20 pages, a run with heartbeats",
            "there was no hint: pages were told by 1012")
        {
            Short = TimeSpan.FromSeconds(3),
            Full = TimeSpan.FromMinutes(1),
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await DrainAsync(bench);
                await HarmBench.PassAsync(bench.Duration);
                bench.Expect(Array.TrueForAll(pages, static page => page.Asked.Go == 1), "a page was not asked");
                bench.Expect(Array.TrueForAll(pages, static page => page.Connections == 1), "a page went before there was another server");
                await bench.RestartAsync("TERM");
                await bench.BackAsync();
            },
        };
        yield return new(
            "drain_taken_back", Guard.Drain,
            "A server is drained, and the operator takes it back, again and again",
            "20 pages, a run with heartbeats",
            "there was no drain but that of a process that stops")
        {
            Count = (10, 100),
            Counted = "times",
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(20);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                for (var i = 0; i < bench.Count; i++)
                {
                    await DrainAsync(bench);
                    using var off = await bench.Http.DeleteAsync(bench.Address(Route));
                    bench.Expect(off.IsSuccessStatusCode, $"taking it back was answered {off.StatusCode}");
                }

                // Whoever had not heard that it may stay would go within this.
                await HarmBench.PassAsync(TimeSpan.FromSeconds(1.5));
                await bench.BackAsync();
                bench.Figure($"{pages.Sum(static page => page.Connections) - pages.Length} pages went");
                bench.Expect(Array.TrueForAll(pages, static page => page.Asked.Stay > 0), "a page was not told to stay");
            },
        };
        yield return new(
            "taken_over", Guard.Drain,
            "A new version is deployed: its process waits for the folder, and takes folder and port over",
            "50 pages that come back, a run with heartbeats",
            "the new process did not start while the old one was there")
        {
            Count = (50, 1_000),
            Counted = "pages",
            Settings = [("Netra:Hosting:WaitForFolder", "00:01:00")],
            Happens = static async bench =>
            {
                var pages = await bench.OpenManyAsync(bench.Count);
                await using var backend = await Backend.StartAsync(bench, "user-0", "r1", TimeSpan.FromSeconds(1));
                await bench.TakeOverAsync();
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(5, 60)));
                bench.Figure($"{pages.Sum(static page => page.Refusals)} handshakes refused");
            },
        };
    }

    private static async Task DrainAsync(HarmBench bench)
    {
        using var reason = new StringContent("""{"reason":"a drill","author":"ada"}""", System.Text.Encoding.UTF8, "application/json");
        using var on = await bench.Http.PostAsync(bench.Address(Route), reason);
        bench.Expect(on.IsSuccessStatusCode, $"drain was answered {on.StatusCode}");
    }
}
