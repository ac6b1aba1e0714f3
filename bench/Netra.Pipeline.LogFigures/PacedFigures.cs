namespace Netra.Pipeline.LogFigures;

/// <summary>What the log costs at the paced load of the design.</summary>
internal static class PacedFigures
{
    private const int Users = 2_000;
    private const int Rate = 25;
    private const int Seconds = 15;

    public static Task MakeAsync(FigureReport report)
    {
        report.Heading(
            "Cost of the log in paced load",
            $"Server CPU per delivered event: {Users} users with a connection each, {Rate} token events a second each, for {Seconds} s. "
            + "Goal: the log is at most 15 % of the whole.");
        return LoadComparison.MakeAsync(
            report, rounds: 3, Users, static server => server.PostAsync($"/figures/paced?users={Users}&rate={Rate}&seconds={Seconds}"));
    }
}
