using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>What a replay costs a client that takes joined frames (docs/protocol.md, section 3.3), beside one that does not.</summary>
/// <param name="report">Where it is told.</param>
/// <param name="before">This program, as it was built from an earlier commit, for single frames; null for none.</param>
internal sealed class JoinFigures(FigureReport report, string? before)
{
    private const int Events = 1_000_000;
    private const int Characters = 4;
    private const int Rounds = 5;

    public async Task MakeAsync()
    {
        await MakeAsync("One history", users: 1, "One user's");
        await MakeAsync("Many histories", users: 1000, "1,000 users'");
    }

    private async Task MakeAsync(string heading, int users, string who)
    {
        report.Heading(
            heading,
            $"{who} {Events:N0} tokens of {Characters} characters in all, written before, are replayed to a client each over a WebSocket "
            + "(`seq=0`), acknowledged as the protocol asks: with and without `join=1`, in turns, by one server that has done both once.");
        report.Line("| round | frames | events/s | frames sent | bytes on the wire per event | server CPU per event, µs |");
        report.Line("|---|---|---:|---:|---:|---:|");
        using var folder = new TemporaryFolder();

        // The newer program reads what the older one has written, not the other way round.
        await using (var writer = await ServerHandle.StartAsync("sqlite", folder.Path, program: before))
        {
            await writer.PostAsync($"/figures/burst?users={users}&events={Events / users}&wait=false&characters={Characters}");
        }

        var kinds = new List<Kind> { new("single", string.Empty, null), new("joined", "&join=1", null) };
        if (before is not null)
        {
            kinds.Insert(0, new("single, before", string.Empty, before));
        }

        foreach (var program in kinds.Select(static kind => kind.Program).Distinct(StringComparer.Ordinal))
        {
            // A log has one server at a time.
            await using var server = await ServerHandle.StartAsync("sqlite", folder.Path, program: program);
            var own = kinds.Where(kind => kind.Program == program).ToList();
            for (var round = 0; round <= Rounds; round++)
            {
                foreach (var kind in own)
                {
                    await MeasureAsync(server, kind, users, round);
                }
            }
        }

        var results = kinds.Select(kind => (kind.Name, Median(kind.Bytes), Median(kind.Cpu))).ToList();
        var (_, joinedBytes, joinedCpu) = results[^1];
        foreach (var (name, bytes, cpu) in results)
        {
            report.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"| median | {name} | | | {bytes:F1}, {bytes / joinedBytes:F1} × joined | {cpu:F2}, {cpu / joinedCpu:F1} × joined |"));
        }
    }

    private async Task MeasureAsync(ServerHandle server, Kind kind, int users, int round)
    {
        var clients = Enumerable.Range(0, users).Select(static _ => new FigureClient()).ToArray();
        var (cpuBefore, begun) = (await server.CpuAsync(), TimeProvider.System.GetTimestamp());
        await Task.WhenAll(clients.Select((client, user) => Task.Run(async () =>
        {
            await client.ConnectAsync(server.Socket($"user-{user}", "&seq=0" + kind.Query));
            await client.ReadAsync(Events / users);
        })));
        var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        var cpu = (await server.CpuAsync() - cpuBefore) / Events;
        var bytes = clients.Sum(static client => client.Bytes) / (double)Events;
        foreach (var client in clients)
        {
            client.Dispose();
        }

        if (round == 0)
        {
            return;
        }

        kind.Bytes.Add(bytes);
        kind.Cpu.Add(cpu);
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"| {round} | {kind.Name} | {Events / seconds:N0} | {clients.Sum(static client => client.Frames):N0} "
            + $"| {bytes:F1} | {cpu:F2} |"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed record Kind(string Name, string Query, string? Program)
    {
        public List<double> Bytes { get; } = [];

        public List<double> Cpu { get; } = [];
    }
}
