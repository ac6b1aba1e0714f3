using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Trends;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboard <c>websocket_performance</c>.</summary>
internal sealed record PerformanceDashboard : SystemDocument
{
    [SetsRequiredMembers]
    public PerformanceDashboard(SystemDocument system)
        : base(system)
    {
    }

    [JsonPropertyOrder(-3)]
    public string DashboardId { get; init; } = string.Empty;

    public QueueDocument? Queue { get; init; }

    public CapacityEstimate? Capacity { get; init; }

    public double LatencyDegradation { get; init; }

    public TrendPoint? Latest { get; init; }

    public IReadOnlyList<TrendPoint>? Trend { get; init; }
}
