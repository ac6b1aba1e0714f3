using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>How fast one client gets a long history.</summary>
internal static class ReplayFigures
{
    private const int Events = 1_000_000;

    public static async Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "Replay",
            $"One user's {Events:N0} events, written before, sent to one client over a WebSocket from the log (`seq=0`), "
            + "acknowledged as the protocol asks.");
        report.Line("| round | events/s | server CPU per event, µs |");
        report.Line("|---|---:|---:|");
        using var folder = new TemporaryFolder();
        await using (var writer = await ServerHandle.StartAsync("sqlite", folder.Path))
        {
            await writer.PostAsync($"/figures/burst?users=1&events={Events}&wait=false");
        }

        for (var round = 1; round <= 3; round++)
        {
            await using var server = await ServerHandle.StartAsync("sqlite", folder.Path);
            using var client = new FigureClient();
            var (before, begun) = (await server.CpuAsync(), TimeProvider.System.GetTimestamp());
            await client.ConnectAsync(server.Socket("user-0", "&seq=0"));
            await client.ReadAsync(Events);
            var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
            var cpu = (await server.CpuAsync() - before) / Events;
            report.Line(string.Create(CultureInfo.InvariantCulture, $"| {round} | {Events / seconds:N0} | {cpu:F2} |"));
        }
    }
}
