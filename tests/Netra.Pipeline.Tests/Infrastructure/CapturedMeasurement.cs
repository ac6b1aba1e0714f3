namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>One measurement of one instrument.</summary>
internal sealed record CapturedMeasurement(string Instrument, string? Unit, double Value, IReadOnlyDictionary<string, object?> Tags);
