using Netra.Pipeline.Load.Reports;
using Spectre.Console;

namespace Netra.Pipeline.Load.Verify;

/// <summary>Prints the results for people.</summary>
internal static class ResultTable
{
    public static void Print(Uri url, IReadOnlyList<CheckResult> results)
    {
        var console = ReportConsole.Create();
        var table = new Table().AddColumns("", "check", "", "what was seen", "s");
        for (var i = 0; i < results.Count; i++)
        {
            var result = results[i];
            table.AddRow(
                new Text($"{i + 1}"),
                new Text(result.Name),
                result.HasPassed ? new Text("ok", new Style(Color.Green)) : new Text("FAILED", new Style(Color.Red)),
                new Text(result.Detail),
                new Text($"{result.Took.TotalSeconds:F1}"));
        }

        console.Write(table);
        console.WriteLine($"{results.Count(static result => result.HasPassed)} of {results.Count} at {url}");
    }
}
