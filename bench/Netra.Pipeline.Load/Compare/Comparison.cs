using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Compare;

/// <summary>
/// Several servers under the same workloads, in turn, for several rounds: what changes with the machine's mood, changes for all of them.
/// </summary>
/// <param name="peers">The servers.</param>
/// <param name="workloads">The workloads.</param>
/// <param name="rounds">How many rounds there are.</param>
internal sealed class Comparison(IReadOnlyList<Peer> peers, IReadOnlyList<Workload> workloads, int rounds)
{
    private readonly List<Measurement> _measurements = [];

    public IReadOnlyList<Peer> Peers => peers;

    public IReadOnlyList<Workload> Workloads => workloads;

    /// <summary>How many rounds are done.</summary>
    public int Rounds { get; private set; }

    /// <summary>Whether every server gave everything to everybody, in order.</summary>
    public bool IsRight => _measurements.TrueForAll(static measurement => !measurement.Result.Findings.Any);

    /// <summary>Runs it.</summary>
    /// <param name="afterRound">Is called after each round, so that one that is broken off has a report of the rounds before.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    public async Task RunAsync(Func<Task> afterRound, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var workload in workloads)
            {
                // Another one begins each time.
                foreach (var peer in peers.Skip(round % peers.Count).Concat(peers.Take(round % peers.Count)))
                {
                    var measurement = await MeasureAsync(peer, workload, cancellationToken);
                    _measurements.Add(measurement);
                    await Console.Error.WriteLineAsync(Line(round, measurement));
                    foreach (var finding in measurement.Result.Findings.Kept)
                    {
                        await Console.Error.WriteLineAsync($"  {finding.Kind}: {finding.Where}: {finding.Detail}");
                    }
                }
            }

            Rounds = round;
            await afterRound();
        }
    }

    /// <summary>The median over the rounds.</summary>
    public double Of(Peer peer, Workload workload, Func<Measurement, double> figure) => Median.Of(All(peer, workload).Select(figure));

    /// <summary>The least and the most of the rounds.</summary>
    public (double Min, double Max) Range(Peer peer, Workload workload, Func<Measurement, double> figure)
        => (All(peer, workload).Min(figure), All(peer, workload).Max(figure));

    /// <summary>The median, over the rounds, of the ratio of one server to another: neighbours in time are compared.</summary>
    public double Ratio(Peer peer, Peer other, Workload workload, Func<Measurement, double> figure)
        => Median.Of(All(peer, workload).Zip(All(other, workload), (one, two) => figure(one) / figure(two)));

    /// <summary>Starts a server, and measures it under one workload.</summary>
    public static async Task<Measurement> MeasureAsync(Peer peer, Workload workload, CancellationToken cancellationToken)
    {
        await using var server = await PeerProcess.StartAsync(peer, workload, cancellationToken);
        await using var run = new ScenarioRun(workload.Options(server.Target, server.Id));
        var before = Environment.CpuUsage.TotalTime;
        var result = await run.RunAsync(static _ => { }, cancellationToken);
        return new Measurement(peer, workload, result, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds);
    }

    private static string Line(int round, Measurement measurement)
    {
        var result = measurement.Result;
        return FormattableString.Invariant(
            $"round {round}, {measurement.Workload.Name}, {measurement.Peer.Name}: {result.Received:N0} events, ")
            + FormattableString.Invariant(
            $"{measurement.CpuPerEvent:F2} µs/event (harness {measurement.ClientPerEvent:F2}), {result.ReceivedPerSecond:N0}/s, p50 ")
            + FormattableString.Invariant($"{result.Latency.P50:F1}, p99 {result.Latency.P99:F1} ms, ")
            + FormattableString.Invariant($"connected in {result.Connecting.TotalSeconds:F2} s, {result.ResidentAfter / 1e6:F0} MB");
    }

    private IEnumerable<Measurement> All(Peer peer, Workload workload)
        => _measurements.Where(measurement => measurement.Peer == peer && measurement.Workload == workload);
}
