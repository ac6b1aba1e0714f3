using System.Text.Json.Serialization.Metadata;
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
/// The probes of orchestrators and load balancers: <c>/livez</c> (whether to restart the process), <c>/readyz</c> (whether to send it
/// traffic) and <c>/healthz</c> (the same with a few numbers). They need no authentication, so they name no user.
/// </summary>
internal sealed class HealthEndpoints(
    PipelineBridge bridge, ConnectionRegistry connections, StreamRegistry streams, IEventLog log, Canary canary, HealthView health)
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        // That the process answers is all that is asked: it needs nothing, so nothing that is broken has the process restarted.
        Map(endpoints, "/livez", static _ => JsonAnswer.Of(new HostHealth("alive"), MonitoringJson.Default.HostHealth));
        Map(endpoints, "/readyz", static context => Of(context).Ready());
        Map(endpoints, "/healthz", static context => Of(context).Healthy());

        // Open to every caller, so it names no user. Unhealthy is 503; degraded still serves.
        Map(endpoints, "/health", static context => Of(context).Health());
    }

    // No other middleware of the host may make a probe fail.
    private static void Map(IEndpointRouteBuilder endpoints, string pattern, Func<HttpContext, IResult> answer)
        => endpoints.MapMethods(pattern, Methods, context => answer(context).ExecuteAsync(context)).AllowAnonymous().ShortCircuit();

    private static HealthEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<HealthEndpoints>();

    private static IResult Answer<T>(bool isWell, T document, JsonTypeInfo<T> type)
        => JsonAnswer.Of(document, type, isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);

    private IResult Health() => Answer(health.Status != HealthStatus.Unhealthy, health.ForEverybody(), MonitoringJson.Default.PublicHealth);

    private IResult Ready()
    {
        var (state, trouble) = (bridge.State, Trouble());
        var isReady = state == BridgeState.Ready && trouble is null;
        return Answer(
            isReady,
            new HostHealth(isReady ? "ready" : "not_ready", BridgeStates.NameOf(state), ReasonOf(state, trouble)),
            MonitoringJson.Default.HostHealth);
    }

    private IResult Healthy()
    {
        var (state, trouble) = (bridge.State, Trouble());
        var isHealthy = state == BridgeState.Ready && trouble is null;
        var document = new HostHealth(isHealthy ? "healthy" : "unhealthy", BridgeStates.NameOf(state), ReasonOf(state, trouble))
        {
            Connections = connections.Count,
            OpenRuns = bridge.OpenRuns,
            LoadedStreams = streams.Count,
        };
        return Answer(isHealthy, document, MonitoringJson.Default.HostHealth);
    }

    // A single canary may fail by chance.
    private string? Trouble() => log.Trouble is { } trouble ? $"the log stores nothing at the moment: {trouble}"
        : canary is { ConsecutiveFailures: > 1, Latest.Problem: { } problem } ? "the pipeline's own canary does not come through: "
            + $"{problem}"
        : null;

    private string? ReasonOf(BridgeState state, string? trouble) => state switch
    {
        BridgeState.NotInitialized => "the host has not started the pipeline",
        BridgeState.Initializing => "the pipeline opens its log and verifies itself",
        BridgeState.Ready or BridgeState.Draining when trouble is not null => trouble,
        BridgeState.Ready => null,
        BridgeState.Draining => "the pipeline is drained: it takes no new connections and runs",
        BridgeState.Stopped => "the pipeline has stopped",
        BridgeState.Failed => $"the pipeline has failed: {bridge.FailureReason}",
        _ => throw new InvalidOperationException($"State {state} is not mapped."),
    };
}

/// <summary>The answer to a probe. Its members depend on the probe.</summary>
internal sealed record HostHealth(string Status, string? State = null, string? Reason = null)
{
    public int? Connections { get; init; }

    public long? OpenRuns { get; init; }

    public int? LoadedStreams { get; init; }
}
