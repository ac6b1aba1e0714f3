using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Reports;

/// <summary>How a long run stood at a time.</summary>
/// <param name="Snapshot">The run.</param>
/// <param name="Latency">Since the line before.</param>
/// <param name="ServerCpuMicroseconds">The CPU time of the server's process so far; null when it is not measured.</param>
internal sealed record SeriesLine(LoadSnapshot Snapshot, LatencySummary Latency, double? ServerCpuMicroseconds);
