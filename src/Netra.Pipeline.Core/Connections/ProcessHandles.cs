using System.Globalization;
using System.IO.Enumeration;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Asks the system how many files and sockets this process has open, and how many it may. Where the system does not say, there is no limit.
/// </summary>
internal static class ProcessHandles
{
    // One file for each handle. In /proc/self/fd they are links, and each would be asked where it leads whenever they are counted.
    private const string OpenFiles = "/proc/self/fdinfo";
    private const string Limits = "/proc/self/limits";
    private const string LimitOfOpenFiles = "Max open files";

    // The names alone: no system call for each of them.
    private static readonly FileSystemEnumerable<bool> Names =
        new(OpenFiles, static (ref FileSystemEntry _) => true, new EnumerationOptions { AttributesToSkip = FileAttributes.None });

    /// <summary>How many may be open (the soft limit, <c>ulimit -n</c>); null when there is no limit.</summary>
    public static long? Limit()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        foreach (var line in File.ReadLines(Limits))
        {
            if (line.StartsWith(LimitOfOpenFiles, StringComparison.Ordinal))
            {
                var soft = line[LimitOfOpenFiles.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
                return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
            }
        }

        return null;
    }

    public static int Open() => OperatingSystem.IsLinux() ? Names.Count() : 0;
}
