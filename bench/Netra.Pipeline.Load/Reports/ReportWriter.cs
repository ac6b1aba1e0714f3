using System.Text.Json;
using Netra.Pipeline.Load.Checks;
using Spectre.Console;

namespace Netra.Pipeline.Load.Reports;

/// <summary>Prints a result, and writes it to files.</summary>
internal static class ReportWriter
{
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
        var console = ReportConsole.Create();
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

    /// <summary>A finding in a line.</summary>
    public static string Line(Finding finding) => $"{LoadReport.Name(finding.Kind)}: {finding.Where}: {finding.Detail}";

    private static string Markdown(LoadResult result)
    {
        var text = new MarkdownText();
        text.Line($"# Load: {result.Options.Name}");
        text.Line();
        text.Row(string.Empty, string.Empty);
        text.Row("---", "---");
        foreach (var (name, value) in LoadReport.Rows(result))
        {
            text.Row(name, value);
        }

        if (result.Series.Count > 0)
        {
            text.Line();
            text.Head("s", "open", "delivered", "p50 ms", "p99 ms", "max ms", "server MB");
            foreach (var line in result.Series)
            {
                var snapshot = line.Snapshot;
                text.Row(
                    MarkdownText.Number(snapshot.Elapsed.TotalSeconds),
                    MarkdownText.Number(snapshot.Open),
                    MarkdownText.Number(snapshot.Received),
                    MarkdownText.Number(line.Latency.P50, 1),
                    MarkdownText.Number(line.Latency.P99, 1),
                    MarkdownText.Number(line.Latency.Max, 1),
                    MarkdownText.Megabytes(snapshot.ResidentBytes));
            }
        }

        if (result.Findings.Any)
        {
            text.Line();
            text.Line("## What was found");
            text.Line();
            foreach (var finding in result.Findings.Kept)
            {
                text.Line($"- {Line(finding)}");
            }
        }

        return text.ToString().TrimEnd();
    }
}
