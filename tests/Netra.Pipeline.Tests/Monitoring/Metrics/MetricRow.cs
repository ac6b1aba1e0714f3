namespace Netra.Pipeline.Tests.Monitoring.Metrics;

/// <summary>What the table of metrics says of one.</summary>
internal sealed record MetricRow(string Name, string Type, string Unit, IReadOnlyList<string> Attributes);
