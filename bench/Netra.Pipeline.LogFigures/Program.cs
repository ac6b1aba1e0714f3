using System.Globalization;
using Netra.Pipeline.LogFigures;

// See bench/README.md. Without arguments all figures are made; "--results FILE" writes them, "serve LOG FOLDER" is what the program calls itself with.
if (args is ["serve", var kind, var folder])
{
    await FigureServer.RunAsync(kind, folder);
    return;
}

var results = args is ["--results", var path, ..] ? path : null;
var only = args.Length > 0 && results is null ? args : results is null ? [] : args[2..];
var report = new FigureReport();
foreach (var (name, make) in new (string, Func<FigureReport, Task>)[]
{
    ("commit", CommitFigures.MakeAsync),
    ("burst", BurstFigures.MakeAsync),
    ("paced", PacedFigures.MakeAsync),
    ("replay", ReplayFigures.MakeAsync),
    ("resume", ResumeFigures.MakeAsync),
})
{
    if (only.Length == 0 || only.Contains(name, StringComparer.Ordinal))
    {
        await make(report);
    }
}

if (results is not null)
{
    await report.WriteAsync(results, string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC"));
}
