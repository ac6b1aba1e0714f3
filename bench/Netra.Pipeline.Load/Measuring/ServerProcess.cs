using System.Globalization;

namespace Netra.Pipeline.Load.Measuring;

/// <summary>What the server's process takes of this machine, as Linux accounts for it: for <c>--server-pid</c>.</summary>
internal sealed class ServerProcess
{
    private const double TicksPerSecond = 100;
    private readonly string _folder;

    /// <param name="id">The process.</param>
    /// <exception cref="ArgumentException">There is no such process, or this is not Linux.</exception>
    public ServerProcess(int id)
    {
        _folder = $"/proc/{id}";
        if (!File.Exists($"{_folder}/stat"))
        {
            throw new ArgumentException(
                $"--server-pid is {id}: there is no /proc/{id}; only processes of this machine, on Linux, can be measured.", nameof(id));
        }
    }

    /// <summary>The CPU time so far, user and system, in microseconds; null when the process has ended.</summary>
    public double? CpuMicroseconds
    {
        get
        {
            // The name may have spaces; what follows it has not. The fields are counted from the state, the third of all.
            if (Read("stat") is not { Length: > 0 } stat)
            {
                return null;
            }

            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond * 1e6;
        }
    }

    /// <summary>What is resident, in bytes; null when the process has ended.</summary>
    public double? ResidentBytes => Status("VmRSS:") * 1024;

    /// <summary>The most that was resident, in bytes; null when the process has ended.</summary>
    public double? PeakResidentBytes => Status("VmHWM:") * 1024;

    /// <summary>How many files and sockets are open; null when the process has ended, or is somebody else's.</summary>
    public double? OpenHandles
    {
        get
        {
            try
            {
                return Directory.EnumerateFileSystemEntries($"{_folder}/fd").Count();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    private double? Status(string name)
    {
        var line = Read("status")?.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? null : Number(line[name.Length..].Replace("kB", string.Empty, StringComparison.Ordinal).Trim());
    }

    // Its files go with it, also while they are read.
    private string? Read(string file)
    {
        try
        {
            return File.ReadAllText($"{_folder}/{file}");
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
