namespace Netra.Pipeline.Monitoring.Health;

/// <summary>What the process uses at a moment.</summary>
/// <param name="WorkingSetBytes">Memory that is resident.</param>
/// <param name="HandleUsage">Open files as a share of the limit, 0 to 1; 0 where the system does not say.</param>
internal readonly record struct ResourceSample(long WorkingSetBytes, double HandleUsage);
