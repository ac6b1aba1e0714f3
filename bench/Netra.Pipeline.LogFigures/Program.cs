using System.Globalization;
using Netra.Pipeline.LogFigures;

// See bench/README.md. Without arguments all figures are made; "--results FILE" writes them, "observation" makes those of observing instead; "serve LOG FOLDER ..." is what the program calls itself with.
if (args is ["serve", var kind, var folder, .. var observation])
{
    await FigureServer.RunAsync(kind, folder, observation is [var how] ? how : null);
    return;
}

var results = args is ["--results", var path, ..] ? path : null;
var only = args.Length > 0 && results is null ? args : results is null ? [] : args[2..];
var isObservation = only is ["observation", ..];
var report = new FigureReport(isObservation ? "What observing costs" : "The durable log");
if (isObservation)
{
    // Another build of this program, from before, may follow.
    await new ObservationFigures(report, only is [_, var before, ..] ? Path.GetFullPath(before) : null).MakeAsync();
}

foreach (var (name, make) in new (string, Func<FigureReport, Task>)[]
{
    ("commit", CommitFigures.MakeAsync),
    ("burst", BurstFigures.MakeAsync),
    ("paced", PacedFigures.MakeAsync),
    ("replay", ReplayFigures.MakeAsync),
    ("resume", ResumeFigures.MakeAsync),
})
{
    if (!isObservation && (only.Length == 0 || only.Contains(name, StringComparer.Ordinal)))
    {
        await make(report);
    }
}

if (results is not null)
{
    await report.WriteAsync(results, string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC"));
}
