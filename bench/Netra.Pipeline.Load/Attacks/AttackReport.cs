using System.Globalization;
using System.Text.Json;
using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Reports;
using Spectre.Console;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Prints what became of attacks, and writes it to files.</summary>
internal static class AttackReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string[] Columns =
    [
        "attack", "what the server did", "p99 before, during, after ms", "MB before, peak, after", "handles before, peak, after", "cores",
        "verdict",
    ];

    /// <summary>One result in a line, while others are still to come.</summary>
    public static string Line(AttackResult result)
        => $"{(result.HasHeld ? "held  " : "FAILED")} {result.Attack.Name}: p99 {Latencies(result)} ms; {result.Detail}"
            + string.Concat(result.Problems.Select(static problem => $"\n       {problem}"));

    public static async Task WriteAsync(
        AttackOptions options, string commandLine, IReadOnlyList<AttackResult> results, CancellationToken cancellationToken)
    {
        if (options.IsJson)
        {
            Console.WriteLine(Json(options, results));
        }
        else
        {
            Print(options, results);
        }

        foreach (var file in options.ReportFiles)
        {
            var text = file.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                ? Json(options, results) + "\n"
                : Markdown(options, commandLine, results);
            await File.WriteAllTextAsync(file, text, cancellationToken);
        }
    }

    private static void Print(AttackOptions options, IReadOnlyList<AttackResult> results)
    {
        var console = ReportConsole.Create();
        var table = new Table().AddColumns(Columns);
        foreach (var result in results)
        {
            table.AddRow([.. Cells(result).Select(static cell => new Text(cell)), Verdict(result)]);
        }

        console.Write(table);
        console.WriteLine($"{results.Count(static result => result.HasHeld)} of {results.Count} held at {options.Target.Url}");
    }

    private static Text Verdict(AttackResult result) => result.HasHeld
        ? new Text("held", new Style(Color.Green))
        : new Text(string.Join("; ", result.Problems), new Style(Color.Red));

    private static string Markdown(AttackOptions options, string commandLine, IReadOnlyList<AttackResult> results)
    {
        var text = new MarkdownText();
        text.Line("# Attacks");
        text.Line();
        text.Line("What hostile peers may do, one after the other, against a server with its default options, and how late a well-behaved");
        text.Line("page beside them was served: an event every 40 ms, counted from when it was due. Attackers, page and server share the");
        text.Line("machine. Made again with");
        text.Line();
        text.Line($"    {commandLine}");
        text.Line();
        MeasuredOn.AddTo(text);
        text.Line();
        text.Head([.. Columns, .. Array.Empty<string>()]);
        foreach (var result in results)
        {
            text.Row([.. Cells(result), result.HasHeld ? "held" : string.Join("; ", result.Problems)]);
        }

        text.Line();
        text.Line($"{results.Count(static result => result.HasHeld)} of {results.Count} held, {options.Duration.TotalSeconds} s each.");
        text.Line();
        text.Line("| attack | what it does |");
        text.Line("|---|---|");
        foreach (var result in results)
        {
            text.Row(result.Attack.Name, result.Attack.What);
        }

        return text.ToString();
    }

    private static string Json(AttackOptions options, IReadOnlyList<AttackResult> results) => JsonSerializer.Serialize(
        new
        {
            Url = options.Target.Url.ToString(),
            Held = results.Count(static result => result.HasHeld),
            Total = results.Count,
            Attacks = results.Select(static result => new
            {
                result.Attack.Name,
                result.HasHeld,
                result.Detail,
                result.Problems,
                P99Ms = new[] { result.Before.P99, result.During.P99, result.After.P99 },
                result.Server,
            }),
        },
        Options);

    private static IEnumerable<string> Cells(AttackResult result) =>
    [
        result.Attack.Name,
        result.Detail,
        Latencies(result),
        $"{Megabytes(result.Server.MemoryBefore)}, {Megabytes(result.Server.MemoryPeak)}, {Megabytes(result.Server.MemoryAfter)}",
        $"{Whole(result.Server.HandlesBefore)}, {Whole(result.Server.HandlesPeak)}, {Whole(result.Server.HandlesAfter)}",
        MarkdownText.Number(result.Server.Cores, 2),
    ];

    private static string Latencies(AttackResult result)
        => $"{Ms(result.Before)}, {Ms(result.During)}, {Ms(result.After)}";

    private static string Ms(LatencySummary latency) => latency.P99.ToString("F1", CultureInfo.InvariantCulture);

    private static string Megabytes(double? bytes) => MarkdownText.Megabytes(bytes);

    private static string Whole(double? value) => MarkdownText.Number(value);
}
