using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>Server CPU per delivered event with the SQLite log and with the in-memory one, in turns, in one run.</summary>
internal static class LoadComparison
{
    public static async Task MakeAsync(FigureReport report, int rounds, int users, Func<ServerHandle, Task<long>> load)
    {
        report.Line("| round | in memory, µs | SQLite, µs | the log's share |");
        report.Line("|---|---:|---:|---:|");
        var (memory, sqlite) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            memory.Add(await MeasureAsync("memory", users, load));
            sqlite.Add(await MeasureAsync("sqlite", users, load));
            report.Line(Row(round.ToString(CultureInfo.InvariantCulture), memory[^1], sqlite[^1]));
        }

        report.Line(Row("median", Median(memory), Median(sqlite)));
    }

    private static async Task<double> MeasureAsync(string kind, int users, Func<ServerHandle, Task<long>> load)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerHandle.StartAsync(kind, folder.Path);
        var clients = Enumerable.Range(0, users).Select(static _ => new FigureClient()).ToArray();
        try
        {
            foreach (var chunk in clients.Select(static (client, i) => (client, i)).Chunk(100))
            {
                await Task.WhenAll(chunk.Select(pair => pair.client.ConnectAsync(server.Socket($"user-{pair.i}"))));
            }

            var reading = Task.WhenAll(clients.Select(static client => Task.Run(() => client.ReadAsync(long.MaxValue))));
            var before = await server.CpuAsync();
            var events = await load(server);
            while (clients.Sum(static client => client.Received) < events)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                if (reading.IsFaulted)
                {
                    await reading;
                }
            }

            return (await server.CpuAsync() - before) / events;
        }
        finally
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Row(string name, double memory, double sqlite) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {memory:F2} | {sqlite:F2} | {sqlite - memory:F2} µs, {(sqlite - memory) / sqlite:P0} of the whole |");
}
