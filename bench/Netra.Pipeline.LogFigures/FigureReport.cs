using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Netra.Pipeline.LogFigures;

/// <summary>Collects lines of Markdown, and shows them as they come.</summary>
internal sealed class FigureReport(string title)
{
    private readonly StringBuilder _text = new();

    public void Heading(string heading, string what) => Add($"\n## {heading}\n\n{what}\n");

    public void Line(string line) => Add(line);

    public Task WriteAsync(string path, string date)
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ') : ["?", "?", "?"];
        var changes = Git("status --porcelain -- src bench :!bench/results").Length > 0 ? " with local changes" : string.Empty;
        var system = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
        var head = $"""
            # {title}

            Made by the command in `bench/README.md`, which also says how to read it. Judge the ratios: absolute times belong to the
            machine.

            - date: {date}
            - commit: {Git("rev-parse --short HEAD")}{changes}
            - machine: {Environment.ProcessorCount} cores, {system}
            - load average when it ended: {load[0]} {load[1]} {load[2]}

            """;
        return File.WriteAllTextAsync(path, head + _text);
    }

    private static string Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return output;
    }

    private void Add(string line)
    {
        Console.WriteLine(line);
        _text.AppendLine(line);
    }
}
