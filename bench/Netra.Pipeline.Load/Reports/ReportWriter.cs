using System.Globalization;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Load.Checks;
using Spectre.Console;

namespace Netra.Pipeline.Load.Reports;

/// <summary>Prints a result, and writes it to files.</summary>
internal static class ReportWriter
{
    private const int WidthOfFiles = 160;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task WriteAsync(LoadResult result, CancellationToken cancellationToken)
    {
        if (result.Options.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(LoadReport.Json(result), Json));
        }
        else
        {
            Print(result);
        }

        foreach (var file in result.Options.ReportFiles)
        {
            var text = file.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                ? JsonSerializer.Serialize(LoadReport.Json(result), Json)
                : Markdown(result);
            await File.WriteAllTextAsync(file, text + "\n", cancellationToken);
        }
    }

    private static void Print(LoadResult result)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        var table = new Table().AddColumns("", "");
        table.ShowHeaders = false;
        foreach (var (name, value) in LoadReport.Rows(result))
        {
            table.AddRow(new Text(name), new Text(value));
        }

        console.Write(table);
        foreach (var finding in result.Findings.Kept)
        {
            console.WriteLine(Line(finding), new Style(Color.Red));
        }
    }

    private static string Line(Finding finding) => $"{LoadReport.Name(finding.Kind)}: {finding.Where}: {finding.Detail}";

    private static string Markdown(LoadResult result)
    {
        var text = new StringBuilder("# Load: ").Append(result.Options.Name).Append("\n\n| | |\n|---|---|\n");
        foreach (var (name, value) in LoadReport.Rows(result))
        {
            text.Append("| ").Append(name).Append(" | ").Append(value).Append(" |\n");
        }

        if (result.Series.Count > 0)
        {
            text.Append("\n| s | open | delivered | p50 ms | p99 ms | max ms | server MB |\n|---:|---:|---:|---:|---:|---:|---:|\n");
            foreach (var line in result.Series)
            {
                var snapshot = line.Snapshot;
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {snapshot.Elapsed.TotalSeconds:F0} | {snapshot.Open} | {snapshot.Received} | {snapshot.Latency.P50:F1} ");
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {snapshot.Latency.P99:F1} | {snapshot.Latency.Max:F1} | {snapshot.ResidentBytes / 1e6:F0} |\n");
            }
        }

        if (result.Findings.Any)
        {
            text.Append("\n## What was found\n\n");
            foreach (var finding in result.Findings.Kept)
            {
                text.Append("- ").Append(Line(finding)).Append('\n');
            }
        }

        return text.ToString().TrimEnd();
    }
}
