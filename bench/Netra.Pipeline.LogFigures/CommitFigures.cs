using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>How fast the log stores, with nobody connected.</summary>
internal static class CommitFigures
{
    private const int Users = 2_000;
    private const int Events = 500;

    public static async Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "Group commit",
            $"{Users} users at once, {Events} token events each, nobody connected: from the first emission until all are stored. "
            + "The rest of the CPU time is the emission itself.");
        report.Line("| round | events/s | server CPU per event, µs |");
        report.Line("|---|---:|---:|");
        for (var round = 1; round <= 3; round++)
        {
            using var folder = new TemporaryFolder();
            await using var server = await ServerHandle.StartAsync("sqlite", folder.Path);
            var (before, begun) = (await server.CpuAsync(), TimeProvider.System.GetTimestamp());
            var events = await server.PostAsync($"/figures/burst?users={Users}&events={Events}&wait=false");

            // An event over HTTP is answered when it is stored, and so is everything before it.
            using var last = new StringContent(
                """{"user_id":"user-0","thread_id":"t","run_id":"r","type":"token","data":{"delta":"last"}}""",
                System.Text.Encoding.UTF8,
                "application/json");
            (await server.Http.PostAsync("/v1/events", last)).EnsureSuccessStatusCode();
            var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
            var cpu = (await server.CpuAsync() - before) / events;
            report.Line(string.Create(CultureInfo.InvariantCulture, $"| {round} | {events / seconds:N0} | {cpu:F2} |"));
        }
    }
}
