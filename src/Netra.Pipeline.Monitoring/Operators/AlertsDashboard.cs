using System.Text.Json;
using System.Text.Json.Serialization;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboard <c>websocket_alerts</c>. The settings that operators can change are missing without alerting.</summary>
internal sealed record AlertsDashboard : OperatorHealth
{
    public AlertsDashboard(OperatorHealth health)
        : base(health)
    {
    }

    [JsonPropertyOrder(-3)]
    public required string DashboardId { get; init; }

    public required bool AlertingEnabled { get; init; }

    public required JsonElement Alerts { get; init; }

    public JsonElement? Rules { get; init; }

    public JsonElement? EscalationPolicy { get; init; }

    public JsonElement? Silences { get; init; }

    public required IReadOnlyCollection<string> Channels { get; init; }
}
