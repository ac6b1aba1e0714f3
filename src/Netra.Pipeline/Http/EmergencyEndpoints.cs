using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Http;

/// <summary>The emergency mode, and the health check on demand (docs/protocol.md, section 11).</summary>
internal sealed class EmergencyEndpoints(OperatorRoute route, EmergencyMode emergency, Canary canary, PipelineMonitor monitor, HealthJson health)
{
    private const int MaxBodyBytes = 16 * 1024;
    private const int MaxReason = 1000;
    private const int MaxAuthor = 128;

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
        if (await ReadBodyAsync(context) is not var (reason, author))
        {
            return;
        }

        emergency.TryEnter(reason, author, isAutomatic: false);
        await ReadAsync(context);
    }

    private async Task EndAsync(HttpContext context)
    {
        emergency.TryLeave(context.User.Identity?.Name ?? "operator");
        await ReadAsync(context);
    }

    private async Task CheckAsync(HttpContext context)
    {
        var report = await canary.RunAsync(context.RequestAborted);

        // The checks are judged once a second; what the canary found is in the next one.
        var round = monitor.Rounds;
        await JsonAnswer.WriteAsync(context, json =>
        {
            health.Write(json, withNames: true);
            json.WriteNumber("round"u8, round);
            json.WriteStartObject("canary"u8);
            WriteCanary(json, report, canary.ConsecutiveFailures);
            json.WriteEndObject();
        });
    }

    // What is wrong is answered here.
    private static async Task<(string Reason, string Author)?> ReadBodyAsync(HttpContext context)
    {
        var problem = "the body must be a JSON object with 'reason'";
        if (await JsonBody.ReadAsync(context.Request, MaxBodyBytes, context.RequestAborted) is { } body)
        {
            try
            {
                using var document = JsonDocument.Parse(body);
                var reason = TextOf(document.RootElement, "reason");
                var author = context.User.Identity?.Name ?? TextOf(document.RootElement, "author") ?? "operator";
                problem = reason is not { Length: > 0 and <= MaxReason } ? $"reason must be a string of 1 to {MaxReason} characters"
                    : author.Length is 0 or > MaxAuthor ? $"author must be a string of 1 to {MaxAuthor} characters"
                    : null;
                if (problem is null)
                {
                    return (reason!, author);
                }
            }
            catch (JsonException exception)
            {
                problem = $"the body is not valid JSON: {exception.Message}";
            }
        }

        await JsonAnswer.BadRequestAsync(context, problem);
        return null;
    }

    private static string? TextOf(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
