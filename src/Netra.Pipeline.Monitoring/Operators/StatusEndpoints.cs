using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET …/health</c> and <c>GET …/system/status</c> (docs/protocol.md, section 11): everything at a glance.</summary>
internal sealed class StatusEndpoints(
    OperatorRoute route,
    HealthJson health,
    EmergencyEndpoints emergency,
    PipelineBridge bridge,
    BridgeInitializations initializations,
    Canary canary,
    RemediationLog remediation,
    ConnectionRecovery recovery,
    ConnectionRegistry connections,
    StreamRegistry streams,
    RunRegistry runs,
    ResourceTrend resources,
    ThreadPoolProbe threads,
    Ledger ledger,
    IEventLog log,
    AlertSink alerts,
    IOptions<MonitoringOptions> options)
{
    private static readonly string Version = typeof(StatusEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet($"{MonitoringRoutes.Prefix}/health", static context => Of(context).HandleHealthAsync(context));
        endpoints.MapGet($"{MonitoringRoutes.Prefix}/system/status", static context => Of(context).HandleStatusAsync(context));
    }

    /// <summary>Writes what the parts of the system are doing.</summary>
    public void WriteParts(Utf8JsonWriter json)
    {
        json.WriteBoolean("monitoring_enabled"u8, options.Value.Enabled);
        json.WriteBoolean("alerting_enabled"u8, alerts.IsEnabled);
        WriteBridge(json);
        WriteRemediation(json);
        json.WriteStartObject("emergency_mode"u8);
        emergency.WriteMode(json);
        json.WriteEndObject();
        json.WriteStartObject("canary"u8);
        EmergencyEndpoints.WriteCanary(json, canary.Latest, canary.ConsecutiveFailures);
        json.WriteNumber("passes"u8, canary.Passes);
        json.WriteEndObject();
        WriteLedger(json);
        json.WriteStartObject("log"u8);
        json.WriteString("epoch"u8, log.Epoch);
        json.WriteString("trouble"u8, log.Trouble);
        json.WriteEndObject();
        json.WriteStartObject("process"u8);
        json.WriteNumber("working_set_bytes"u8, resources.Latest.WorkingSetBytes);
        json.WriteNumber("memory_growth_bytes_per_hour"u8, resources.GrowthPerHour);
        json.WriteNumber("handle_usage"u8, resources.Latest.HandleUsage);
        json.WriteNumber("thread_pool_delay_s"u8, threads.Delay.TotalSeconds);
        json.WriteEndObject();
        json.WriteNumber("connections"u8, connections.Count);
        json.WriteNumber("loaded_streams"u8, streams.Count);
        json.WriteNumber("open_runs"u8, runs.OpenCount);
        json.WriteString("version"u8, Version);
    }

    private static StatusEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<StatusEndpoints>();

    private Task HandleHealthAsync(HttpContext context)
        => route.HandleAsync(context, "ReadHealth", request => JsonAnswer.WriteAsync(request, json => health.Write(json, withNames: true)));

    private Task HandleStatusAsync(HttpContext context) => route.HandleAsync(context, "ReadStatus", request => JsonAnswer.WriteAsync(request, json =>
    {
        health.Write(json, withNames: true);
        WriteParts(json);
        var shown = alerts.ShowAlerts();
        JsonAnswer.WriteMember(json, "alerts", shown.Alerts);
        JsonAnswer.WriteList(json, "channels", shown.Channels, static (json, channel) => json.WriteStringValue(channel));
    }));

    private void WriteBridge(Utf8JsonWriter json)
    {
        json.WriteStartObject("bridge"u8);
        json.WriteString("state"u8, BridgeStates.NameOf(bridge.State));
        json.WriteString("failure"u8, bridge.FailureReason);
        json.WriteNumber("initializations"u8, initializations.Succeeded);
        json.WriteNumber("failed_initializations"u8, initializations.Failed.Total);
        json.WriteNumber("last_initialization_s"u8, initializations.Last.TotalSeconds);
        json.WriteEndObject();
    }

    private void WriteRemediation(Utf8JsonWriter json)
    {
        json.WriteStartObject("remediation"u8);
        json.WriteNumber("connections_ended"u8, recovery.Ended);
        json.WriteNumber("connections_recovered"u8, recovery.Recovered);
        json.WriteStartArray("steps"u8);
        foreach (var step in remediation.Latest)
        {
            json.WriteStartObject();
            json.WriteNumber("at"u8, JsonAnswer.Seconds(step.At));
            json.WriteString("remedy"u8, step.Remediation);
            json.WriteString("step"u8, step.Step);
            json.WriteString("outcome"u8, step.Outcome);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteLedger(Utf8JsonWriter json)
    {
        json.WriteStartObject("ledger"u8);
        LedgerEndpoint.Write(json, ledger.Read());
        json.WriteEndObject();
    }
}
