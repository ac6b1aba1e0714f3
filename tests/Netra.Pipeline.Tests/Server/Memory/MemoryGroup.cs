using System.Globalization;

namespace Netra.Pipeline.Tests.Server.Memory;

/// <summary>
/// A control group of the kernel whose processes get so much memory, as a container's do; above it the kernel kills. Where none can be made
/// the test is ignored. Disposing removes it; its processes must have ended.
/// </summary>
internal sealed class MemoryGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private readonly string _path;

    private MemoryGroup(string path) => _path = path;

    /// <summary>What a command begins with that is to run in it.</summary>
    public IEnumerable<string> Command => ["bash", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", _path];

    /// <summary>How much its processes have taken at most.</summary>
    public long MostBytes
    {
        get
        {
            var file = Path.Combine(_path, "memory.max_usage_in_bytes");
            return long.Parse(
                File.ReadAllText(File.Exists(file) ? file : Path.Combine(_path, "memory.peak")), CultureInfo.InvariantCulture);
        }
    }

    public static MemoryGroup Create(long bytes)
    {
        // In version 1 each controller has a tree of its own.
        var isFirst = Directory.Exists($"{Root}/memory");
        var path = $"{Root}/{(isFirst ? "memory/" : "")}netra-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(path);
            var limit = isFirst ? "memory.limit_in_bytes" : "memory.max";
            File.WriteAllText(Path.Combine(path, limit), bytes.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Ignore($"No control group with a limit of memory can be made here: {exception.Message}");
        }

        return new MemoryGroup(path);
    }

    public void Dispose() => Directory.Delete(_path);
}
