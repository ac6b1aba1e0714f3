using System.CommandLine;
using Netra.Pipeline.Load.Compare;
using Netra.Pipeline.Load.Reports;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Scale;

/// <summary>
/// Commands that make committed reports of our own server: each exits with 0 when nothing was wrong, with 1 when something was, and with 2
/// when it could not run.
/// </summary>
internal static class FiguresCommand
{
    private static readonly string[] PartNames = ["connections", "users", "soak"];

    /// <summary>The command <c>scale</c>: from 100 to 18,000 connections, a million users, a soak of 15 minutes.</summary>
    public static Command CreateScale()
    {
        var parts = new Option<string[]>("--parts")
        {
            DefaultValueFactory = static _ => [.. PartNames],
            AllowMultipleArgumentsPerToken = true,
            Description = $"Which parts: {string.Join(", ", PartNames)}.",
        };
        parts.AcceptOnlyFromAmong(PartNames);
        var command = new Command("scale", "How the cost of our server grows: with connections, with users, with time.") { parts };
        Complete(command, async (peer, scale, parsed, cancellationToken) =>
        {
            var asked = parsed.GetRequiredValue(parts);
            var run = new ScaleRun(peer, scale);
            var steps = asked.Contains("connections") ? await run.StepsAsync(cancellationToken) : [];
            var users = asked.Contains("users") ? await run.UsersAsync(cancellationToken) : null;
            var soak = asked.Contains("soak") ? await run.SoakAsync(cancellationToken) : null;
            var all = steps.SelectMany(static step => new[] { step.Idle.Result, step.Paced.Result })
                .Concat(new[] { soak, users }.OfType<LoadResult>());
            return (ScaleReport.Make(CommandLine.Of(parsed), steps, soak, users), all);
        });
        return command;
    }

    /// <summary>The command <c>publishing</c>: one event a request and many, by few publishers and by many.</summary>
    public static Command CreatePublishing()
    {
        var publishers = new Option<int[]>("--publishers")
        {
            DefaultValueFactory = static _ => [1, 8, 64],
            AllowMultipleArgumentsPerToken = true,
            Description = "How many publishers there are, in turn: 1 to 1,000 each.",
        };
        publishers.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int[]>() is { } counts && Array.Exists(counts, static count => count is < 1 or > 1_000))
            {
                result.AddError($"--publishers is {string.Join(' ', counts)}; each must be between 1 and 1000.");
            }
        });
        var command = new Command(
            "publishing", "What publishing over HTTP costs our server: one event a request and many, by few and by many.") { publishers };
        Complete(command, async (peer, scale, parsed, cancellationToken) =>
        {
            var figures = new PublishFigures(peer, parsed.GetRequiredValue(publishers), scale);
            await figures.RunAsync(cancellationToken);
            return (figures.Report(CommandLine.Of(parsed)), figures.Results);
        });
        return command;
    }

    private static void Complete(
        Command command,
        Func<Peer, double, ParseResult, CancellationToken, Task<(string Report, IEnumerable<LoadResult> Results)>> run)
    {
        var scale = ScenarioOptions.Number("--scale", 1, 0.0001, 10, "How large it is; 1 is what reports have.");
        var folder = new Option<DirectoryInfo>("--folder")
        {
            DefaultValueFactory = static _ => new DirectoryInfo("bench/peers"),
            Description = "Where the peers' run is; default bench/peers.",
        };
        var results = new Option<FileInfo?>("--results")
        {
            Description = "The file for the report, in Markdown; without it the report is printed.",
        };
        command.Add(scale);
        command.Add(folder);
        command.Add(results);
        CommandRun.Set(command, async (parsed, cancellationToken) =>
        {
            var peer = Peer.Of("netra", parsed.GetRequiredValue(folder).FullName);
            var (report, all) = await run(peer, parsed.GetValue(scale), parsed, cancellationToken);
            if (parsed.GetValue(results) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, report, cancellationToken);
            }
            else
            {
                Console.Write(report);
            }

            var findings = all.SelectMany(static result => result.Findings.Kept).ToArray();
            foreach (var finding in findings)
            {
                await Console.Error.WriteLineAsync(ReportWriter.Line(finding));
            }

            return findings.Length > 0 ? 1 : 0;
        });
    }
}
