using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET …/metrics/users</c> and <c>GET …/users/{user_id}</c> (docs/protocol.md, section 11): each user's metrics, apart from the others'.
/// </summary>
internal sealed class UserMetricsEndpoints(
    OperatorRoute route,
    UserMetricsTable metrics,
    UserMetricsJson users,
    ConnectionRegistry connections,
    RunRegistry runs,
    FailureFeed feed)
{
    private const int LatestFailures = 50;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet($"{MonitoringRoutes.Prefix}/metrics/users", static context => Of(context).HandleAllAsync(context));
        endpoints.MapGet($"{MonitoringRoutes.Prefix}/users/{{user_id}}", static context => Of(context).HandleOneAsync(context));
    }

    /// <summary>Writes one user's view: metrics, connections, open runs, latest failures.</summary>
    public void WriteView(Utf8JsonWriter json, UserMetrics user)
    {
        users.Write(json, user);
        WriteConnections(json, user.UserId);
        json.WriteStartArray("open_runs"u8);
        var now = runs.Now;
        foreach (var run in runs.Lives().Where(run => run is { HasBegun: true, HasEnded: false } && run.Key.UserId == user.UserId))
        {
            json.WriteStartObject();
            json.WriteString("thread_id"u8, run.Key.ThreadId);
            json.WriteString("run_id"u8, run.Key.RunId);
            json.WriteString("agent_name"u8, run.AgentName);
            json.WriteNumber("quiet_s"u8, TimeSpan.FromTicks(run.QuietAt(now)).TotalSeconds);
            json.WriteBoolean("stalled"u8, run.IsStalled);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("failures"u8);
        foreach (var failure in feed.Latest(feed.Capacity).Where(failure => failure.UserId == user.UserId).Take(LatestFailures))
        {
            FailureJson.Write(json, failure);
        }

        json.WriteEndArray();
    }

    private static UserMetricsEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<UserMetricsEndpoints>();

    private Task HandleAllAsync(HttpContext context) => route.HandleAsync(context, "ReadUserFigures", AnswerAllAsync);

    private Task HandleOneAsync(HttpContext context) => route.HandleAsync(context, "ReadUser", AnswerOneAsync);

    private async Task AnswerAllAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.AfterName(), query.Limit());
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return;
        }

        var page = metrics.Page(after, limit + 1);
        await JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartArray("users"u8);
            foreach (var user in page.Take(limit))
            {
                json.WriteStartObject();
                users.Write(json, user);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (page.Count > limit)
            {
                json.WriteString("next"u8, page[limit - 1].UserId);
            }
        });
    }

    private async Task AnswerOneAsync(HttpContext context)
    {
        if (!metrics.TryGet(RouteUser.Of(context), out var user))
        {
            await JsonAnswer.NotFoundAsync(context, "Of that user there are no figures since the start.");
            return;
        }

        await JsonAnswer.WriteAsync(context, json => WriteView(json, user));
    }

    private void WriteConnections(Utf8JsonWriter json, string userId)
    {
        json.WriteStartArray("open_connections"u8);
        foreach (var connection in connections.All.Where(connection => connection.UserId == userId))
        {
            json.WriteStartObject();
            json.WriteString("connection_id"u8, connection.Id);
            json.WriteString("transport"u8, connection.Transport);
            json.WriteString("state"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(connection.State.ToString()));
            json.WriteNumber("written"u8, connection.Subscription.LastWritten);
            json.WriteNumber("acknowledged"u8, connection.Subscription.Acknowledged);
            json.WriteNumber("queued_frames"u8, connection.Queue.Count);
            json.WriteNumber("queued_bytes"u8, connection.Queue.Bytes);
            json.WriteNumber("silent_s"u8, connection.Silence.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
