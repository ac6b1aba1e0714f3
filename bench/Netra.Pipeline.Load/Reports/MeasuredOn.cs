using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Netra.Pipeline.Load.Reports;

/// <summary>What a committed report says of where and when it was made.</summary>
internal static class MeasuredOn
{
    private const double BytesPerGigabyte = 1e9;

    /// <summary>Adds it, as the items of a list.</summary>
    public static void AddTo(MarkdownText text)
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ') : ["?", "?", "?"];
        var processor = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        var model = processor is null ? string.Empty : "," + processor[(processor.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var memory = MarkdownText.Number(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesPerGigabyte);
        var changes = Ask("git", "status --porcelain -- src bench :!bench/results").Length > 0 ? " with local changes" : string.Empty;
        text.Line(string.Create(CultureInfo.InvariantCulture, $"- date: {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC"));
        text.Line($"- commit: {Ask("git", "rev-parse --short HEAD")}{changes}");
        text.Line($"- machine: {Environment.ProcessorCount} cores{model}, {memory} GB, shared by server and harness");
        text.Line($"- versions: {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; "
            + $"Node {Ask("node", "--version")}; the peers' packages as `bench/peers/README.md` names them");
        text.Line($"- load average when it ended: {load[0]} {load[1]} {load[2]}");
    }

    private static string Ask(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return output;
        }
        catch (Win32Exception)
        {
            return "not there";
        }
    }
}
