using System.CommandLine;
using Netra.Pipeline.Load.Reports;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Compare;

/// <summary>
/// The command <c>compare</c>: all peers under the same workloads, interleaved. Exits with 0 when every server gave everything to everybody
/// in order, with 1 when one did not, and with 2 when it could not run.
/// </summary>
internal static class CompareCommand
{
    private const int BurstConnections = 100;
    private const int BurstEvents = 20_000;
    private const int LongBurstEvents = 50_000;
    private const int PacedConnections = 2_000;
    private const int PacedEvents = 250;
    private const double PacedIntervalMs = 40;
    private const int IdleConnections = 9_000;

    private static readonly string[] WorkloadNames = ["burst", "long-burst", "paced", "idle"];

    public static Command Create()
    {
        var peers = new Option<string[]>("--peers")
        {
            DefaultValueFactory = static _ => [.. Peer.Here],
            AllowMultipleArgumentsPerToken = true,
            Description = $"Which servers: {string.Join(", ", Peer.Known)}.",
        };
        var also = new Option<string[]>("--also")
        {
            DefaultValueFactory = static _ => [],
            Description = "Another server, such as another build: NAME=COMMAND, or NAME:PROTOCOL=COMMAND where it does not "
                + "speak netra.v1. May be given more than once.",
        };
        var workloads = new Option<string[]>("--workloads")
        {
            DefaultValueFactory = static _ => ["burst", "paced", "idle"],
            AllowMultipleArgumentsPerToken = true,
            Description = $"Which workloads: {string.Join(", ", WorkloadNames)}.",
        };
        peers.AcceptOnlyFromAmong([.. Peer.Known]);
        workloads.AcceptOnlyFromAmong(WorkloadNames);
        var rounds = ScenarioOptions.Whole("--rounds", 3, 1, 100, "How many rounds.");
        var scale = ScenarioOptions.Number("--scale", 1, 0.0001, 10, "How large the workloads are; 1 is what reports have.");
        var folder = new Option<DirectoryInfo>("--folder")
        {
            DefaultValueFactory = static _ => new DirectoryInfo("bench/peers"),
            Description = "Where the peers' run is; default bench/peers.",
        };
        var reference = new Option<string>("--reference")
        {
            DefaultValueFactory = static _ => "signalr",
            Description = "Which server ratios are to; the first one where this is not compared.",
        };
        var results = new Option<FileInfo?>("--results")
        {
            Description = "The file for the report, in Markdown; without it the report is printed.",
        };
        var title = new Option<string>("--title")
        {
            DefaultValueFactory = static _ => "Peers side by side",
            Description = "The report's title.",
        };
        var command = new Command("compare", "The same workloads on several servers in turn: CPU, throughput, latency, bytes, memory.")
        {
            peers, also, workloads, rounds, scale, folder, reference, results, title,
        };
        CommandRun.Set(command, async (parsed, cancellationToken) =>
        {
            var compared = parsed.GetRequiredValue(peers).Select(name => Peer.Of(name, parsed.GetRequiredValue(folder).FullName))
                .Concat(parsed.GetRequiredValue(also).Select(Peer.Parse)).ToArray();
            var size = parsed.GetValue(scale);
            var comparison = new Comparison(
                compared, [.. parsed.GetRequiredValue(workloads).Select(name => Sized(name, size))], parsed.GetValue(rounds));
            var to = Array.Find(compared, peer => peer.Name == parsed.GetValue(reference)) ?? compared[0];
            string Report() => new ComparisonReport(comparison, parsed.GetRequiredValue(title), CommandLine.Of(parsed), to).Make();
            var file = parsed.GetValue(results);
            await comparison.RunAsync(
                () => file is null ? Task.CompletedTask : File.WriteAllTextAsync(file.FullName, Report(), cancellationToken),
                cancellationToken);
            if (file is null)
            {
                Console.Write(Report());
            }

            return comparison.IsRight ? 0 : 1;
        });
        return command;
    }

    private static Workload Sized(string name, double scale)
    {
        int Size(int full) => Math.Max(1, (int)(full * scale));
        var fewer = Math.Sqrt(Math.Min(1, scale));
        int Some(int full) => Math.Max(1, (int)(full * fewer));
        return name switch
        {
            "burst" => new Workload(name, Some(BurstConnections), (long)Math.Max(1, BurstEvents * scale / fewer), 0),
            "long-burst" => new Workload(name, Some(BurstConnections), (long)Math.Max(1, LongBurstEvents * scale / fewer), 0),
            "paced" => new Workload(name, Some(PacedConnections), (long)Math.Max(1, PacedEvents * scale / fewer), PacedIntervalMs),
            "idle" => new Workload(name, Size(IdleConnections), 0, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such workload"),
        };
    }
}
