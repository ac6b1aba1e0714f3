using System.Text.Json.Serialization;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboard <c>websocket_user_diagnostics</c>.</summary>
internal sealed record UsersDashboard : OperatorHealth
{
    public UsersDashboard(OperatorHealth health)
        : base(health)
    {
    }

    [JsonPropertyOrder(-3)]
    public required string DashboardId { get; init; }

    /// <summary>The requested user, if there are metrics.</summary>
    public UserView? User { get; init; }

    public required IReadOnlyList<UserMetricsItem> Users { get; init; }
}
