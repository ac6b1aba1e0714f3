using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET …/dashboard/{dashboard_id}</c> (docs/protocol.md, section 11): all that one dashboard shows, in one answer.</summary>
internal sealed class DashboardEndpoint(
    OperatorRoute route,
    HealthJson health,
    StatusEndpoints status,
    AlertSink alerts,
    FailureFeed feed,
    UserMetricsTable metrics,
    UserMetricsJson users,
    UserMetricsEndpoints userView,
    SnapshotHistory history)
{
    private const int LatestFailures = 50;
    private const int ShownUsers = 20;

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet(
        $"{MonitoringRoutes.Prefix}/dashboard/{{dashboard_id}}", static context => context.RequestServices.GetRequiredService<DashboardEndpoint>().HandleAsync(context));

    private Task HandleAsync(HttpContext context) => route.HandleAsync(context, "ReadDashboard", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var userId = query.UserId();
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return;
        }

        var id = MonitoringRoutes.Value(context, "dashboard_id");
        Action<Utf8JsonWriter>? content = id switch
        {
            "websocket_executive" => WriteExecutive,
            "websocket_operations" => WriteOperations,
            "websocket_performance" => WritePerformance,
            "websocket_alerts" => WriteAlertManagement,
            "websocket_user_diagnostics" => json => WriteUsers(json, userId),
            _ => null,
        };
        if (content is null)
        {
            await JsonAnswer.NotFoundAsync(
                context, "There is no such dashboard; there are websocket_executive, websocket_operations, websocket_user_diagnostics, websocket_performance and websocket_alerts.");
            return;
        }

        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteString("dashboard_id"u8, id);
            health.Write(json, withNames: id != "websocket_executive");
            content(json);
        });
    }

    private void WriteExecutive(Utf8JsonWriter json)
    {
        WriteAlerts(json);
        json.WriteNumber("users"u8, metrics.Count);
        var all = metrics.All();
        json.WriteNumber("runs_ended"u8, all.Sum(static user => user.TerminalsDue));
        json.WriteNumber("runs_ended_acknowledged"u8, all.Sum(static user => user.TerminalsAcknowledged));
        WriteTrend(json);
    }

    private void WriteOperations(Utf8JsonWriter json)
    {
        status.WriteParts(json);
        WriteAlerts(json);
        json.WriteStartArray("failures"u8);
        foreach (var failure in feed.Latest(LatestFailures))
        {
            FailureJson.Write(json, failure);
        }

        json.WriteEndArray();
        WriteTrend(json);
    }

    private void WritePerformance(Utf8JsonWriter json)
    {
        status.WriteParts(json);
        WriteTrend(json);
    }

    private void WriteAlertManagement(Utf8JsonWriter json)
    {
        var shown = alerts.ShowAlerts();
        JsonAnswer.WriteMember(json, "alerts", shown.Alerts);
        if (alerts.ShowSettings() is { } settings)
        {
            JsonAnswer.WriteMember(json, "rules", settings.Rules);
            JsonAnswer.WriteMember(json, "escalation_policy", settings.EscalationPolicy);
            JsonAnswer.WriteMember(json, "silences", settings.Silences);
        }

        JsonAnswer.WriteList(json, "channels", shown.Channels, static (json, channel) => json.WriteStringValue(channel));
    }

    private void WriteUsers(Utf8JsonWriter json, string? userId)
    {
        if (userId is not null && metrics.TryGet(userId, out var one))
        {
            json.WriteStartObject("user"u8);
            userView.WriteView(json, one);
            json.WriteEndObject();
        }

        // Those with the most failures first: they are whom a diagnosis begins with.
        var shown = metrics.All().OrderByDescending(static user => user.Failures).ThenByDescending(static user => user.Accepted).Take(ShownUsers);
        JsonAnswer.WriteList(json, "users", shown, (json, user) =>
        {
            json.WriteStartObject();
            users.Write(json, user);
            json.WriteEndObject();
        });
    }

    private void WriteAlerts(Utf8JsonWriter json) => JsonAnswer.WriteMember(json, "alerts", alerts.ShowAlerts().Alerts);

    private void WriteTrend(Utf8JsonWriter json) => JsonAnswer.WriteList(json, "trend", history.Points, static (json, point) =>
    {
        json.WriteStartObject();
        json.WriteNumber("at"u8, JsonAnswer.Seconds(point.At));
        json.WriteNumber("success_rate"u8, point[Signals.SuccessRate]);
        json.WriteNumber("delivered"u8, point.Delivery.Count);
        json.WriteNumber("latency_average_s"u8, point.Delivery.Mean.TotalSeconds);
        json.WriteNumber("latency_p95_s"u8, point.Delivery.Percentile(0.95).TotalSeconds);
        json.WriteNumber("latency_p99_s"u8, point.Delivery.Percentile(0.99).TotalSeconds);
        json.WriteNumber("failures"u8, point.SumOf(Signals.Failures));
        json.WriteNumber("silent_failures"u8, point.SumOf(Signals.SilentFailures));
        json.WriteEndObject();
    });
}
