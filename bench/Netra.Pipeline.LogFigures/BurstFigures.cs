namespace Netra.Pipeline.LogFigures;

/// <summary>What the log costs when events come as fast as clients take them.</summary>
internal static class BurstFigures
{
    private const int Users = 100;
    private const int Events = 10_000;

    public static Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "Cost of the log in bursts",
            $"Server CPU per delivered event: {Users} users with a connection each, {Events} token events each, as fast as they take them. "
            + "Goal: at most 1.5 µs for the log.");
        return LoadComparison.MakeAsync(
            report, rounds: 5, Users, static server => server.PostAsync($"/figures/burst?users={Users}&events={Events}&wait=true"));
    }
}
