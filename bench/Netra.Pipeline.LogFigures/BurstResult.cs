namespace Netra.Pipeline.LogFigures;

/// <summary>What a burst cost.</summary>
/// <param name="Cpu">The server's CPU per event, in microseconds.</param>
/// <param name="Rate">Events a second.</param>
/// <param name="Milliseconds">From the emitting call to the page, the 99th percentile.</param>
internal readonly record struct BurstResult(double Cpu, double Rate, double Milliseconds);
