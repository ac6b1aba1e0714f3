namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>One value that rules compare, as it stands in one second.</summary>
/// <param name="Signal">What was measured: a name of <see cref="Signals"/>.</param>
/// <param name="Label">What it was measured of, such as a failure code; null when there is one value only.</param>
/// <param name="Value">
/// The value, in the signal's unit; never NaN. A signal with nothing to measure (a latency without events) has a reading of its best value:
/// a reading that does not come is missing data.
/// </param>
public readonly record struct SignalReading(string Signal, string? Label, double Value);
