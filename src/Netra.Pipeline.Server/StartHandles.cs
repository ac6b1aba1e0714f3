using System.Globalization;

namespace Netra.Pipeline.Server;

/// <summary>
/// Refuses to start with too few file handles before anything else is done: the runtime keeps two for each assembly
/// that it loads, and without them fails with whatever it could not load, or is ended. The pipeline itself looks again
/// when it starts, at what is open by then.
/// </summary>
internal static class StartHandles
{
    // What the server has open when it has started, 255, with what the pipeline keeps by default, 128, and some connections.
    private const long Fewest = 450;

    private const string Limits = "/proc/self/limits";
    private const string LimitOfOpenFiles = "Max open files";

    /// <exception cref="ConfigurationException">There are too few.</exception>
    public static void Ensure()
    {
        if (OperatingSystem.IsLinux()
            && File.ReadLines(Limits).FirstOrDefault(static line => line.StartsWith(LimitOfOpenFiles, StringComparison.Ordinal)) is { } line
            && long.TryParse(
                line[LimitOfOpenFiles.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var handles)
            && handles < Fewest)
        {
            throw new ConfigurationException(
                $"The process may open {handles} files and sockets (ulimit -n); the server needs at least {Fewest}. Raise the limit.");
        }
    }
}
