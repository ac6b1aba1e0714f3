using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// What observing costs: the same load on a server that observes nothing, on one that observes nothing of events with a
/// trace, on one that observes everything, and on one that exports it too, in turns, in one run; and on a build of the
/// product from before it could, when there is one.
/// </summary>
internal sealed class ObservationFigures(FigureReport report, string? before)
{
    private const int Rounds = 9;
    private const int WarmUps = 3;
    private const double Goal = 1.10;
    private const string Burst = "/figures/runs?users=100&runs=32&pause=0";
    private const string Emissions = "/figures/burst?users=2&events=200000&wait=false";

    public async Task MakeAsync()
    {
        await MakeAsync("Bursts", 100, Burst, Burst,
            "100 users with a connection each, 32 runs one after the other each, as fast as the connections take them");
        await MakeAsync("Paced load", 400, Burst, "/figures/runs?users=400&runs=1&pause=25",
            "400 users with a connection each, a run each, a token every 25 ms");
        await MakeAsync("Emission alone", 0, Emissions, Emissions,
            "2 emitters at once, 200,000 tokens each, nobody connected");
    }

    private async Task MakeAsync(string title, int connections, string warmUp, string load, string what)
    {
        report.Heading(
            title,
            $"Server CPU per event: {what}. In-memory log. Goal: "
            + $"the median of observed / off is at most {Goal.ToString("F2", CultureInfo.InvariantCulture)}.");
        report.Line(
            "| round | off, µs | traced / off | observed / off | observed / traced | exported / off "
            + $"|{(before is null ? string.Empty : " observed / before | off / before |")}");
        report.Line($"|---|---:|---:|---:|---:|---:|{(before is null ? string.Empty : "---:|---:|")}");
        await using var sink = await TelemetrySink.StartAsync();
        await using var off = await MeasuredServer.StartAsync(connections, ServerObservation.Off, program: null);
        await using var traced = await MeasuredServer.StartAsync(connections, ServerObservation.Traced, program: null);
        await using var observed = await MeasuredServer.StartAsync(connections, ServerObservation.Listened, program: null);
        await using var exported = await MeasuredServer.StartAsync(connections, sink.Address, program: null);
        await using var older = before is null ? null : await MeasuredServer.StartAsync(connections, ServerObservation.Off, before);
        MeasuredServer[] servers = [off, traced, observed, exported, .. older is null ? Array.Empty<MeasuredServer>() : [older]];

        // What is done once is not to be measured: the first canary, the first export, and what is compiled, and compiled again.
        for (var i = 0; i < WarmUps; i++)
        {
            foreach (var server in servers)
            {
                await server.LoadAsync(warmUp);
            }
        }

        var rounds = new List<double[]>();
        string Between(double low, double high) => string.Join(
            " | ", Quantile(rounds, low).Zip(Quantile(rounds, high), static (from, to) => $"{Text(from)} to {Text(to)}"));

        for (var round = 1; round <= Rounds; round++)
        {
            var costs = await MeasureAsync(servers, load);
            var (nothing, trace, everything, export) = (costs[0], costs[1], costs[2], costs[3]);
            double[] ratios =
            [
                trace / nothing, everything / nothing, everything / trace, export / nothing,
                .. older is null ? Array.Empty<double>() : [everything / costs[4], nothing / costs[4]],
            ];
            rounds.Add(ratios);
            report.Line($"| {round} | {Text(costs[0])} | {Join(ratios)} |");
        }

        _ = sink.BytesOf("metrics") + (connections > 0 ? sink.BytesOf("traces") : 0);
        report.Line($"| **median** | | {Join(Quantile(rounds, 0.5))} |");
        report.Line($"| quartiles | | {Between(0.25, 0.75)} |");
        report.Line($"| from, to | | {Between(0, 1)} |");
        report.Line($"\nGoal {(Quantile(rounds, 0.5)[1] <= Goal ? "met" : "**missed**")}.");
    }

    // The servers take turns, first in one order and then in the other, so that whatever else the machine does meets all of them.
    private static async Task<double[]> MeasureAsync(MeasuredServer[] servers, string load)
    {
        var costs = new double[servers.Length];
        foreach (var i in Enumerable.Range(0, servers.Length).Concat(Enumerable.Range(0, servers.Length).Reverse()))
        {
            costs[i] += await servers[i].LoadAsync(load) / 2;
        }

        return costs;
    }

    private static double[] Quantile(List<double[]> rounds, double share)
        =>
        [
            .. Enumerable.Range(0, rounds[0].Length)
                .Select(i => rounds.Select(round => round[i]).Order().ElementAt((int)Math.Round((rounds.Count - 1) * share)))
        ];

    private static string Join(double[] values) => string.Join(" | ", values.Select(Text));

    private static string Text(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
