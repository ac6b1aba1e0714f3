using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Asks the system what this process uses.</summary>
internal static class ProcessResources
{
    public static ResourceSample Read() => new(Environment.WorkingSet, HandleUsage());

    private static double HandleUsage() => ProcessHandles.Limit() is > 0 and var limit ? (double)ProcessHandles.Open() / limit : 0;
}
