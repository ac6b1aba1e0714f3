using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The emergency mode, and the health check on demand (docs/protocol.md, section 11).</summary>
internal sealed class EmergencyEndpoints(
    OperatorRoute route, EmergencyMode emergency, Canary canary, PipelineMonitor monitor, HealthJson health, AlertSink alerts, TimeProvider time)
{
    private const int MaxReason = 1000;

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet($"{MonitoringRoutes.Prefix}/emergency/mode", static context => Of(context).Handle(context, "ReadEmergencyMode", Of(context).ReadAsync));
        endpoints.MapPut($"{MonitoringRoutes.Prefix}/emergency/mode", static context => Of(context).Handle(context, "BeginEmergencyMode", Of(context).BeginAsync));
        endpoints.MapDelete($"{MonitoringRoutes.Prefix}/emergency/mode", static context => Of(context).Handle(context, "EndEmergencyMode", Of(context).EndAsync));
        endpoints.MapPost($"{MonitoringRoutes.Prefix}/emergency/health-check", static context => Of(context).Handle(context, "CheckHealth", Of(context).CheckAsync));
    }

    /// <summary>Writes whether the mode is on, and why.</summary>
    public void WriteMode(Utf8JsonWriter json)
    {
        var state = emergency.State;
        json.WriteBoolean("on"u8, state is not null);
        if (state is not null)
        {
            json.WriteString("reason"u8, state.Reason);
            json.WriteString("author"u8, state.Author);
            json.WriteNumber("since"u8, JsonAnswer.Seconds(state.Since));
            json.WriteBoolean("automatic"u8, state.IsAutomatic);
        }
    }

    /// <summary>Writes what the last canary found.</summary>
    public static void WriteCanary(Utf8JsonWriter json, CanaryReport? report, int consecutiveFailures)
    {
        json.WriteString("status"u8, report is null ? "none"u8 : report.Problem is null ? "ok"u8 : "failed"u8);
        json.WriteNumber("consecutive_failures"u8, consecutiveFailures);
        if (report is not null)
        {
            json.WriteNumber("at"u8, JsonAnswer.Seconds(report.At));
            json.WriteNumber("round_trip_s"u8, report.RoundTrip.TotalSeconds);
            if (report.Problem is { } problem)
            {
                json.WriteString("problem"u8, problem);
            }
        }
    }

    private static EmergencyEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<EmergencyEndpoints>();

    private Task Handle(HttpContext context, string operation, Func<HttpContext, Task> answer) => route.HandleAsync(context, operation, answer);

    private Task ReadAsync(HttpContext context) => JsonAnswer.WriteAsync(context, WriteMode);

    private async Task BeginAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, static (members, _) => new EmergencyOrder(
            members.NeededText("reason", MaxReason), RequestAuthor.NamedIn(members)));
        if (body is null)
        {
            return;
        }

        var author = RequestAuthor.Of(context, body.Author);
        if (emergency.TryEnter(body.Reason, author, isAutomatic: false))
        {
            await alerts.RecordAsync(author, "emergency_mode_began", "emergency-mode", body.Reason, context.RequestAborted);
        }

        await ReadAsync(context);
    }

    private async Task EndAsync(HttpContext context)
    {
        var author = RequestAuthor.Of(context);
        if (emergency.TryLeave(author))
        {
            await alerts.RecordAsync(author, "emergency_mode_ended", "emergency-mode", string.Empty, context.RequestAborted);
        }

        await ReadAsync(context);
    }

    private async Task CheckAsync(HttpContext context)
    {
        var report = await canary.RunAsync(context.RequestAborted);

        // The checks are judged once a second: the next time, with what the canary found. Where that does not come, their timestamp says how old they are, and stuck_loops why.
        await Task.WhenAny(monitor.WhenMeasured(), Task.Delay(MaxWait, time, context.RequestAborted));
        await JsonAnswer.WriteAsync(context, json =>
        {
            health.Write(json, withNames: true);
            json.WriteStartObject("canary"u8);
            WriteCanary(json, report, canary.ConsecutiveFailures);
            json.WriteEndObject();
        });
    }
}
