using System.Globalization;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Asks the system what this process uses.</summary>
internal static class ProcessResources
{
    private const string OpenFiles = "/proc/self/fd";
    private const string Limits = "/proc/self/limits";

    public static ResourceSample Read() => new(Environment.WorkingSet, HandleUsage());

    private static double HandleUsage()
    {
        if (!OperatingSystem.IsLinux() || LimitOfOpenFiles() is not (> 0 and var limit))
        {
            return 0;
        }

        return Directory.EnumerateFileSystemEntries(OpenFiles).Count() / limit;
    }

    private static double LimitOfOpenFiles()
    {
        foreach (var line in File.ReadLines(Limits))
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal))
            {
                var soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
                return double.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : 0;
            }
        }

        return 0;
    }
}
