using System.Globalization;
using Netra.Pipeline.LogFigures;

// See bench/README.md. Without arguments all figures are made; "--results FILE" writes them, "observation" makes those of observing
// instead, "pressure" those of back-pressure, "join" those of joined frames; "serve LOG FOLDER ..." is what the program calls itself with.
if (args is ["serve", var kind, var folder, .. var observation])
{
    await FigureServer.RunAsync(kind, folder, observation is [var how] ? how : null);
    return;
}

var results = args is ["--results", var path, ..] ? path : null;
var only = args.Length > 0 && results is null ? args : results is null ? [] : args[2..];
var isObservation = only is ["observation", ..];
var isPressure = only is ["pressure", ..];
var isJoin = only is ["join", ..];
var report = new FigureReport(
    isObservation ? "What observing costs" : isPressure ? "Back-pressure" : isJoin ? "Replay in one piece" : "The durable log");
if (isObservation)
{
    // Another build of this program, from before, may follow.
    await new ObservationFigures(report, only is [_, var before, ..] ? Path.GetFullPath(before) : null).MakeAsync();
}

if (isJoin)
{
    await new JoinFigures(report, only is [_, var before, ..] ? Path.GetFullPath(before) : null).MakeAsync();
}

if (isPressure)
{
    // The standalone server of another build, from before, may follow.
    if (!only.Contains("memory", StringComparer.Ordinal))
    {
        await PressureFigures.MakeAsync(report);
    }

    await new MemoryFigures(
        report, only.FirstOrDefault(static argument => argument.EndsWith(".dll", StringComparison.Ordinal))).MakeAsync();
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
    if (!isObservation && !isPressure && !isJoin && (only.Length == 0 || only.Contains(name, StringComparer.Ordinal)))
    {
        await make(report);
    }
}

if (results is not null)
{
    await report.WriteAsync(
        results, string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC"));
}
