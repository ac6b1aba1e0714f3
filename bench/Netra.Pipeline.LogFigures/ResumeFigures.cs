using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>How long it takes until everybody is back after a restart.</summary>
internal static class ResumeFigures
{
    private const int Users = 5_000;
    private const int Events = 40;

    public static async Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "Everybody comes back",
            $"{Users:N0} users with {Events} stored events each; the server is restarted, and all of them connect at once and ask for all "
            + "of it. Until the last client has its last missing event.");
        report.Line("| round | seconds | server CPU, s |");
        report.Line("|---|---:|---:|");
        using var folder = new TemporaryFolder();
        await using (var writer = await ServerHandle.StartAsync("sqlite", folder.Path))
        {
            await writer.PostAsync($"/figures/burst?users={Users}&events={Events}&wait=false");
        }

        for (var round = 1; round <= 3; round++)
        {
            await using var server = await ServerHandle.StartAsync("sqlite", folder.Path);
            var clients = Enumerable.Range(0, Users).Select(static _ => new FigureClient()).ToArray();
            var (before, begun) = (await server.CpuAsync(), TimeProvider.System.GetTimestamp());
            await Task.WhenAll(clients.Select((client, i) => Task.Run(async () =>
            {
                await client.ConnectAsync(server.Socket($"user-{i}", "&seq=0"));
                await client.ReadAsync(Events);
            })));
            var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
            var cpu = (await server.CpuAsync() - before) / 1e6;
            report.Line(string.Create(CultureInfo.InvariantCulture, $"| {round} | {seconds:F2} | {cpu:F2} |"));
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }
}
