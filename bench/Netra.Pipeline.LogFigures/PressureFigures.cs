using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// What waiting for room in the log costs: a burst with the default options, which fills the log's queue, against the same with a queue
/// that holds all of it. In turns, in one run.
/// </summary>
internal static class PressureFigures
{
    private const int Rounds = 7;
    private const int Users = 100;
    private const int Events = 20_000;

    public static async Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "A burst that fills the log's queue",
            $"{Users} users with a connection each, {Events:N0} token events each, as fast as they take them, on a cold server. *Default*: "
            + "the log's queue holds 100,000 events and 64 MiB, and emitters wait for room. *Large*: it holds all of "
            + "them. CPU is the server's; p99 is from the emitting call, its wait included, to the page. Every event must arrive.");
        report.Line(
            "| round | CPU, µs/event: default | large | ratio | events/s: default | large | ratio | p99, ms: default | large | ratio |");
        report.Line("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var rounds = new List<(BurstResult Default, BurstResult Large)>();
        for (var round = 1; round <= Rounds; round++)
        {
            // Who is first has the colder machine.
            var (first, second) = round % 2 == 1 ? ("sqlite-default", "sqlite") : ("sqlite", "sqlite-default");
            var (one, other) = (await MeasureAsync(first), await MeasureAsync(second));
            rounds.Add(round % 2 == 1 ? (one, other) : (other, one));
            report.Line(Row(round.ToString(CultureInfo.InvariantCulture), rounds[^1].Default, rounds[^1].Large));
        }

        report.Line(
            Row("median", Median(rounds.Select(static round => round.Default)), Median(rounds.Select(static round => round.Large))));
    }

    private static async Task<BurstResult> MeasureAsync(string kind)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerHandle.StartAsync(kind, folder.Path);
        var clients = Enumerable.Range(0, Users).Select(static _ => new FigureClient { SamplesLatency = true }).ToArray();
        try
        {
            await Task.WhenAll(clients.Select((client, i) => client.ConnectAsync(server.Socket($"user-{i}"))));
            var reading = Task.WhenAll(clients.Select(static client => Task.Run(() => client.ReadAsync(Events))));
            var (before, begun) = (await server.CpuAsync(), TimeProvider.System.GetTimestamp());
            var events = await server.PostAsync($"/figures/burst?users={Users}&events={Events}&wait=true&stamp=true");
            await reading;
            var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
            var latencies = clients.SelectMany(static client => client.Latencies).Order().ToArray();
            return new BurstResult(
                (await server.CpuAsync() - before) / events, events / seconds, latencies[(int)(latencies.Length * 0.99)].TotalMilliseconds);
        }
        finally
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }

    private static BurstResult Median(IEnumerable<BurstResult> results)
    {
        var all = results.ToList();
        return new BurstResult(Of(static r => r.Cpu), Of(static r => r.Rate), Of(static r => r.Milliseconds));

        double Of(Func<BurstResult, double> value) => all.Select(value).Order().ElementAt(all.Count / 2);
    }

    private static string Row(string name, BurstResult standard, BurstResult large) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {standard.Cpu:F2} | {large.Cpu:F2} | {standard.Cpu / large.Cpu:F2} | {standard.Rate:N0} | {large.Rate:N0} | "
        + $"{standard.Rate / large.Rate:F2} | {standard.Milliseconds:F0} | {large.Milliseconds:F0} | "
        + $"{standard.Milliseconds / large.Milliseconds:F2} |");
}
