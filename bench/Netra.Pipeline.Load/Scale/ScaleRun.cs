using Netra.Pipeline.Load.Compare;
using Netra.Pipeline.Load.Reports;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Scale;

/// <summary>
/// How cost grows: with the number of connections, at the same number of events a second; with time; and with the number of users who came
/// once.
/// </summary>
/// <param name="peer">The server.</param>
/// <param name="scale">How large it is; 1 is what reports have.</param>
internal sealed class ScaleRun(Peer peer, double scale)
{
    private const double EventsPerSecond = 10_000;
    private const double PacedSeconds = 10;
    private const double HeldSeconds = 20;
    private const int SoakUsers = 500;
    private const double SoakRate = 10;
    private const int ManyUsers = 1_000_000;
    private const int Readers = 1_000;
    private const int Publishers = 32;
    private static readonly int[] Connections = [100, 1_000, 5_000, 10_000, 18_000];
    private static readonly TimeSpan EvictionPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SoakTime = TimeSpan.FromMinutes(15);

    /// <summary>Steps from few to many connections.</summary>
    public async Task<IReadOnlyList<ScaleStep>> StepsAsync(CancellationToken cancellationToken)
    {
        var steps = new List<ScaleStep>();
        foreach (var connections in Connections.Select(Size).Distinct())
        {
            var interval = connections / (EventsPerSecond * scale) * 1_000;
            var (held, seconds) = (HeldSeconds * Math.Min(1, scale * 10), PacedSeconds * Math.Min(1, scale * 10));
            var idle = await Comparison.MeasureAsync(
                peer, new Workload("idle", connections, 0, 0) { Hold = TimeSpan.FromSeconds(held) }, cancellationToken);
            var paced = await Comparison.MeasureAsync(
                peer,
                new Workload("paced", connections, Math.Max(2, (long)(seconds * 1_000 / interval)), interval),
                cancellationToken);
            steps.Add(new ScaleStep(connections, idle, held, paced));
            await Console.Error.WriteLineAsync(FormattableString.Invariant(
                $"{connections:N0} connections: {idle.KibibytesPerConnection:F1} KiB each, {paced.CpuPerEvent:F1} µs per event"));
        }

        return steps;
    }

    /// <summary>The same load for a long time.</summary>
    public Task<LoadResult> SoakAsync(CancellationToken cancellationToken) => RunAsync(
        (target, pid) => new LoadOptions("soak", target)
        {
            Users = Size(SoakUsers),
            Rate = SoakRate,
            Duration = SoakTime * Math.Min(1, scale),
            HasSeries = true,
            SeriesEvery = SoakTime * Math.Min(1, scale) / 15,
            ServerPid = pid,
        },
        cancellationToken);

    /// <summary>Very many users, each of whom gets one event.</summary>
    public Task<LoadResult> UsersAsync(CancellationToken cancellationToken) => RunAsync(
        (target, pid) => new LoadOptions("users", target)
        {
            Users = Size(ManyUsers),
            Readers = Size(Readers),
            Devices = 0,
            Publishers = Publishers,
            Rate = 0,
            Events = 1,
            IsSingle = true,
            AwaitsEviction = true,
            EvictionPatience = EvictionPatience * Math.Min(1, scale * 100),
            ServerPid = pid,
        },
        cancellationToken);

    private int Size(int full) => Math.Max(1, (int)(full * scale));

    private async Task<LoadResult> RunAsync(Func<LoadTarget, int, LoadOptions> options, CancellationToken cancellationToken)
    {
        await using var server = await PeerProcess.StartAsync(peer, new Workload("none", 1, 0, 0), cancellationToken);
        var asked = options(server.Target, server.Id);
        await using var run = new ScenarioRun(asked);
        return await new LiveView(asked).RunAsync(watch => run.RunAsync(watch, cancellationToken));
    }
}
