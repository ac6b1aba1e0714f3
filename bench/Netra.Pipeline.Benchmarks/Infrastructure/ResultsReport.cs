using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using BenchmarkDotNet.Reports;
using SQLitePCL;

namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>
/// Writes the one Markdown file of a run that is committed: machine, commit, the hot path step by step, and a table per class.
/// </summary>
internal sealed class ResultsReport
{
    private const string Option = "--results";
    private readonly string _path;

    private ResultsReport(string path) => _path = path;

    /// <summary>Takes <c>--results path</c> out of the arguments.</summary>
    /// <returns>Null when it is not there.</returns>
    public static ResultsReport? TakeOption(ref string[] args)
    {
        var at = Array.IndexOf(args, Option);
        if (at < 0)
        {
            return null;
        }

        if (at + 1 == args.Length)
        {
            throw new ArgumentException($"{Option} needs the path of the file to write.", nameof(args));
        }

        // Made absolute at once: the runner changes directories.
        var report = new ResultsReport(Path.GetFullPath(args[at + 1]));
        args = [.. args[..at], .. args[(at + 2)..]];
        return report;
    }

    public void Write(IReadOnlyList<Summary> summaries)
    {
        var changes = Git("status --porcelain -- src bench :!bench/results").Length > 0 ? " with local changes" : string.Empty;
        var text = new StringBuilder();
        text.Append("# Microbenchmarks\n\n")
            .Append("Made by the command in `bench/README.md`, which also says how to read it. Judge the ratios: "
                + "absolute times belong to the machine.\n\n")
            .Append($"- date: {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC\n")
            .Append($"- commit: {Git("rev-parse --short HEAD")}{changes}\n")
            .Append($"- packages: {Packages()}\n")
            .Append($"- load average when it ended: {LoadAverage()}\n");
        if (summaries.Count > 0)
        {
            text.Append("- machine:\n\n```\n");
            foreach (var line in summaries[0].HostEnvironmentInfo.ToFormattedString())
            {
                text.Append(line).Append('\n');
            }

            text.Append($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}\n```\n");
        }

        HotPathTable.Append(text, summaries);

        foreach (var summary in summaries.OrderBy(static s => s.Title, StringComparer.Ordinal))
        {
            AppendTable(text, summary);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.WriteAllText(_path, text.ToString());
    }

    private static void AppendTable(StringBuilder text, Summary summary)
    {
        if (summary.BenchmarksCases.Length == 0)
        {
            return;
        }

        var columns = summary.Table.Columns.Where(static c => c.NeedToShow).ToList();
        text.Append($"\n## {summary.BenchmarksCases[0].Descriptor.Type.Name}\n\n");
        text.Append($"| {string.Join(" | ", columns.Select(static c => c.Header))} |\n");
        var rules = columns.Select(
            static c => c.Justify == SummaryTable.SummaryTableColumn.TextJustification.Right ? "---:|" : "---|");
        text.Append($"|{string.Concat(rules)}\n");
        for (var row = 0; row < summary.Table.FullContent.Length; row++)
        {
            text.Append($"| {string.Join(" | ", columns.Select(c => c.Content[row]))} |\n");
        }
    }

    private static string Packages()
    {
        Batteries_V2.Init();
        return $"BenchmarkDotNet {VersionOf(typeof(Summary))}, SQLitePCLRaw {VersionOf(typeof(raw))}, "
            + $"SQLite {raw.sqlite3_libversion().utf8_to_string()}";
    }

    private static string VersionOf(Type type)
        => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private static string LoadAverage()
    {
        if (!File.Exists("/proc/loadavg"))
        {
            return "unknown";
        }

        // A run keeps one core busy by itself.
        var averages = File.ReadAllText("/proc/loadavg").Split(' ')[..3];
        var busy = double.Parse(averages[0]) > Environment.ProcessorCount;
        return string.Join(' ', averages) + (busy ? ": **the machine was busy; run it again before judging by this**" : string.Empty);
    }

    private static string Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return output;
    }
}
