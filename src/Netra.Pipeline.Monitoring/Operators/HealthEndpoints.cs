using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// What orchestrators and load balancers ask: <c>/livez</c> (whether to restart the process), <c>/readyz</c> (whether to send it traffic) and <c>/healthz</c> (the same with a few figures).
/// They need no authentication, so they tell no user's name.
/// </summary>
internal sealed class HealthEndpoints(PipelineBridge bridge, ConnectionRegistry connections, StreamRegistry streams, IEventLog log, Canary canary, HealthJson health)
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        // No other middleware of the host may make a probe fail.
        endpoints.MapMethods("/livez", Methods, LiveAsync).AllowAnonymous().ShortCircuit();
        endpoints.MapMethods("/readyz", Methods, static context => Of(context).ReadyAsync(context)).AllowAnonymous().ShortCircuit();
        endpoints.MapMethods("/health", Methods, static context => Of(context).ObjectAsync(context)).AllowAnonymous().ShortCircuit();
        endpoints.MapMethods("/healthz", Methods, static context => Of(context).HealthAsync(context)).AllowAnonymous().ShortCircuit();
    }

    private static HealthEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<HealthEndpoints>();

    private static Task LiveAsync(HttpContext context) => AnswerAsync(context, ok: true, static json => json.WriteString("status"u8, "alive"u8));

    // Anybody may ask, so it names nobody. Unhealthy is 503; degraded still serves.
    private Task ObjectAsync(HttpContext context) => AnswerAsync(context, health.Status != HealthStatus.Unhealthy, json => health.Write(json, withNames: false));

    private Task ReadyAsync(HttpContext context)
    {
        var (state, trouble) = (bridge.State, Trouble());
        var ready = state == BridgeState.Ready && trouble is null;
        return AnswerAsync(context, ready, json =>
        {
            json.WriteString("status"u8, ready ? "ready"u8 : "not_ready"u8);
            WriteState(json, state, trouble);
        });
    }

    // One canary may fail for reasons of its own.
    private string? Trouble() => log.Trouble is { } trouble ? $"the log stores nothing at the moment: {trouble}"
        : canary is { ConsecutiveFailures: > 1, Latest.Problem: { } problem } ? $"the pipeline's own canary does not come through: {problem}"
        : null;

    private Task HealthAsync(HttpContext context)
    {
        var (state, trouble) = (bridge.State, Trouble());
        var healthy = state == BridgeState.Ready && trouble is null;
        return AnswerAsync(context, healthy, json =>
        {
            json.WriteString("status"u8, healthy ? "healthy"u8 : "unhealthy"u8);
            WriteState(json, state, trouble);
            json.WriteNumber("connections"u8, connections.Count);
            json.WriteNumber("open_runs"u8, bridge.OpenRuns);
            json.WriteNumber("loaded_streams"u8, streams.Count);
        });
    }

    private void WriteState(Utf8JsonWriter json, BridgeState state, string? trouble)
    {
        json.WriteString("state"u8, BridgeStates.NameOf(state));
        var reason = state switch
        {
            BridgeState.NotInitialized => "the host has not started the pipeline",
            BridgeState.Initializing => "the pipeline opens its log and verifies itself",
            BridgeState.Ready or BridgeState.Draining when trouble is not null => trouble,
            BridgeState.Ready => null,
            BridgeState.Draining => "the pipeline takes no new runs, since the host stops",
            BridgeState.Stopped => "the pipeline has stopped",
            BridgeState.Failed => $"the pipeline has failed: {bridge.FailureReason}",
            _ => throw new InvalidOperationException($"State {state} is not mapped."),
        };
        if (reason is not null)
        {
            json.WriteString("reason"u8, reason);
        }
    }

    private static async Task AnswerAsync(HttpContext context, bool ok, Action<Utf8JsonWriter> members)
    {
        var response = context.Response;
        response.StatusCode = ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        if (!ok)
        {
            response.Headers.RetryAfter = "1";
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}
