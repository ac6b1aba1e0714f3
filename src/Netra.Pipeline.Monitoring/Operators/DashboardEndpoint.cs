using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET …/dashboard/{dashboard_id}</c> (docs/protocol.md, section 11): all that one dashboard shows, in one answer.</summary>
internal sealed class DashboardEndpoint(
    HealthView health,
    SystemView system,
    AlertSink alerts,
    FailureFeed feed,
    UserMetricsTable metrics,
    UserMetricsView users,
    SnapshotHistory history)
{
    private const int LatestFailures = 50;
    private const int ShownUsers = 20;

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<DashboardEndpoint>(endpoints)
        .Get($"{MonitoringRoutes.Prefix}/dashboard/{{dashboard_id}}", "ReadDashboard", static (self, context) => self.Read(context));

    private IResult Read(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var user = NamedUser.InQuery(context, query);
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        // It shows what the other routes show only to those who may read of users.
        var id = RouteSegment.Of(context, "dashboard_id");
        if (id == "websocket_user_diagnostics" && RefuseReader(context, user) is { } forbidden)
        {
            return forbidden;
        }

        return id switch
        {
            "websocket_executive" => JsonAnswer.Of(Executive(id), MonitoringJson.Default.ExecutiveDashboard),
            "websocket_operations" => JsonAnswer.Of(Operations(id), MonitoringJson.Default.OperationsDashboard),
            "websocket_performance" => JsonAnswer.Of(Performance(id), MonitoringJson.Default.PerformanceDashboard),
            "websocket_alerts" => JsonAnswer.Of(Alerts(id), MonitoringJson.Default.AlertsDashboard),
            "websocket_user_diagnostics" => JsonAnswer.Of(Users(id, user), MonitoringJson.Default.UsersDashboard),
            _ => ProblemDocument.NotFound("There is no such dashboard; there are websocket_executive, websocket_operations, "
                + "websocket_user_diagnostics, websocket_performance and websocket_alerts."),
        };
    }

    private static ProblemDocument? RefuseReader(HttpContext context, string? userKey)
        => AccessGuard.RefuseRight(context, AccessRights.Read) ?? AccessGuard.RefuseUser(context, userKey);

    private ExecutiveDashboard Executive(string id)
    {
        var all = metrics.All();
        return new ExecutiveDashboard(health.ForEverybody())
        {
            DashboardId = id,
            Alerts = alerts.ShowAlerts().Alerts,
            Users = metrics.Count,
            RunsEnded = all.Sum(static user => user.TerminalsDue),
            RunsEndedAcknowledged = all.Sum(static user => user.TerminalsAcknowledged),
            Trend = Trend(),
        };
    }

    private OperationsDashboard Operations(string id) => new(system.Read())
    {
        DashboardId = id,
        Alerts = alerts.ShowAlerts().Alerts,
        Failures = [.. feed.Latest(LatestFailures).Select(FailureItem.Of)],
        Trend = Trend(),
    };

    private PerformanceDashboard Performance(string id) => new(system.Read()) { DashboardId = id, Trend = Trend() };

    private AlertsDashboard Alerts(string id)
    {
        var (shown, settings) = (alerts.ShowAlerts(), alerts.ShowSettings());
        return new AlertsDashboard(health.ForOperators())
        {
            DashboardId = id,
            Alerts = shown.Alerts,
            Rules = settings?.Rules,
            EscalationPolicy = settings?.EscalationPolicy,
            Silences = settings?.Silences,
            Channels = shown.Channels,
        };
    }

    // The users with the most failures first: a diagnosis begins with them.
    private UsersDashboard Users(string id, string? userKey) => new(health.ForOperators())
    {
        DashboardId = id,
        User = userKey is not null && metrics.TryGet(userKey, out var user) ? users.ReadAll(user) : null,
        Users =
        [
            .. metrics.All().OrderByDescending(static user => user.Failures).ThenByDescending(static user => user.Accepted).Take(ShownUsers)
                .Select(users.Read)
        ],
    };

    private IReadOnlyList<TrendPoint> Trend() => [.. history.Points.Select(TrendPoint.Of)];
}

/// <summary>The dashboard <c>websocket_executive</c>.</summary>
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

    public required IReadOnlyList<TrendPoint> Trend { get; init; }
}

/// <summary>The dashboard <c>websocket_operations</c>.</summary>
internal sealed record OperationsDashboard : SystemDocument
{
    [SetsRequiredMembers]
    public OperationsDashboard(SystemDocument system)
        : base(system)
    {
    }

    [JsonPropertyOrder(-3)]
    public string DashboardId { get; init; } = string.Empty;

    public JsonElement Alerts { get; init; }

    public IReadOnlyList<FailureItem> Failures { get; init; } = [];

    public IReadOnlyList<TrendPoint> Trend { get; init; } = [];
}

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

    public IReadOnlyList<TrendPoint> Trend { get; init; } = [];
}

/// <summary>The dashboard <c>websocket_alerts</c>. The settings that operators can change are missing without alerting.</summary>
internal sealed record AlertsDashboard : OperatorHealth
{
    public AlertsDashboard(OperatorHealth health)
        : base(health)
    {
    }

    [JsonPropertyOrder(-3)]
    public required string DashboardId { get; init; }

    public required JsonElement Alerts { get; init; }

    public JsonElement? Rules { get; init; }

    public JsonElement? EscalationPolicy { get; init; }

    public JsonElement? Silences { get; init; }

    public required IReadOnlyCollection<string> Channels { get; init; }
}

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

/// <summary>Ten seconds of the past hour.</summary>
internal sealed record TrendPoint(
    double At,
    double SuccessRate,
    long Delivered,
    double LatencyAverageS,
    double LatencyP95S,
    double LatencyP99S,
    double Failures,
    double SilentFailures,
    int WaitingRuns,
    double OverdueAnswers)
{
    public static TrendPoint Of(MonitoringSnapshot snapshot) => new(
        JsonAnswer.Seconds(snapshot.At),
        snapshot[Signals.SuccessRate],
        snapshot.Delivery.Count,
        snapshot.Delivery.Mean.TotalSeconds,
        snapshot.Delivery.Percentile(0.95).TotalSeconds,
        snapshot.Delivery.Percentile(0.99).TotalSeconds,
        snapshot.SumOf(Signals.Failures),
        snapshot.SumOf(Signals.SilentFailures),
        snapshot.Waiting.Runs,
        snapshot[Signals.OverdueAnswers]);
}
