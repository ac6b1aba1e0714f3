using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>What became of one attack.</summary>
/// <param name="Attack">Which.</param>
/// <param name="Detail">What the server did.</param>
/// <param name="Before">How late the well-behaved client was served before.</param>
/// <param name="During">The same while it went on.</param>
/// <param name="After">The same afterwards.</param>
/// <param name="Server">What the server took.</param>
/// <param name="Problems">What must not be; none when it has held.</param>
internal sealed record AttackResult(
    Attack Attack,
    string Detail,
    LatencySummary Before,
    LatencySummary During,
    LatencySummary After,
    ServerFigures Server,
    IReadOnlyList<string> Problems)
{
    public bool HasHeld => Problems.Count == 0;
}

/// <summary>What a server takes before, at most during, and after something; null where it is not measured.</summary>
/// <param name="MemoryBefore">Resident bytes.</param>
/// <param name="MemoryPeak">Resident bytes.</param>
/// <param name="MemoryAfter">Resident bytes.</param>
/// <param name="HandlesBefore">Open files and sockets.</param>
/// <param name="HandlesPeak">Open files and sockets.</param>
/// <param name="HandlesAfter">Open files and sockets.</param>
/// <param name="Cores">Processors, on average, while it went on.</param>
internal sealed record ServerFigures(
    double? MemoryBefore,
    double? MemoryPeak,
    double? MemoryAfter,
    double? HandlesBefore,
    double? HandlesPeak,
    double? HandlesAfter,
    double? Cores);
