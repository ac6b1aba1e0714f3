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

    // Where that may not be read (by a process with capabilities, on older kernels).
    private const string LinksOfOpenFiles = "/proc/self/fd";

    // The names alone: no system call for each of them. Never less than there are.
    private static readonly EnumerationOptions Names = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

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

    public static int Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        try
        {
            return Count(OpenFiles);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            return Count(LinksOfOpenFiles);
        }
    }

    private static int Count(string folder)
        => new FileSystemEnumerable<bool>(folder, static (ref FileSystemEntry _) => true, Names).Count();
}
