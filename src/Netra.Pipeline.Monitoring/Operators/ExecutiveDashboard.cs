using System.Text.Json;
using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Trends;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboard <c>websocket_executive</c>. Its trend is missing in a feed, which has the latest point of it instead.</summary>
internal sealed record ExecutiveDashboard : HealthDocument<int, int, int>
{
    public ExecutiveDashboard(HealthDocument<int, int, int> health)
        : base(health)
    {
    }

    [JsonPropertyOrder(-3)]
    public required string DashboardId { get; init; }

    public required JsonElement Alerts { get; init; }

    public required int Users { get; init; }

    public required long RunsEnded { get; init; }

    public required long RunsEndedAcknowledged { get; init; }

    public required LedgerDocument Ledger { get; init; }

    public required CapacityEstimate Capacity { get; init; }

    public required double MinSuccessRate { get; init; }

    public TrendPoint? Latest { get; init; }

    public IReadOnlyList<TrendPoint>? Trend { get; init; }
}
