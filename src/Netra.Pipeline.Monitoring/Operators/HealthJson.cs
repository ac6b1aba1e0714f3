using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Writes the health object (docs/protocol.md, section 11). Safe from any thread.</summary>
internal sealed class HealthJson(PipelineHealth board, PipelineMonitor monitor, QuietRuns runs, FailureCounts failures, SuccessRate success, TimeProvider time)
{
    private static readonly FailureCode[] Silent =
        [FailureCode.SilentFailure, FailureCode.RunStalled, FailureCode.ContextMissing, FailureCode.CriticalDeliveryFailed];

    /// <summary>How it is, all in all.</summary>
    public HealthStatus Status => board.VerdictOf(PipelineHealth.Overall).Status;

    /// <summary>Writes the members.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="withNames">Whether users, threads and runs may be named.</param>
    public void Write(Utf8JsonWriter json, bool withNames)
    {
        json.WriteString("status"u8, NameOf(Status));
        json.WriteStartArray("issues"u8);
        var issues = board.Verdicts.Where(static verdict => verdict.Status != HealthStatus.Healthy && verdict.Name != PipelineHealth.Overall).ToList();
        foreach (var verdict in issues)
        {
            json.WriteStringValue($"{verdict.Name}: {verdict.Description}");
        }

        if (issues.Count == 0 && board.VerdictOf(PipelineHealth.Overall) is { Status: not HealthStatus.Healthy } overall)
        {
            json.WriteStringValue(overall.Description);
        }

        json.WriteEndArray();
        WriteQuiet(json, withNames);
        json.WriteNumber("silent_failures"u8, Silent.Sum(code => failures[code].Total));
        WriteMetrics(json);
        WriteChecks(json);
        json.WriteNumber("timestamp"u8, JsonAnswer.Seconds(monitor.Latest?.At ?? time.GetUtcNow()));
    }

    public static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        HealthStatus.Unhealthy => "unhealthy",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a defined status"),
    };

    private void WriteQuiet(Utf8JsonWriter json, bool withNames)
    {
        if (!withNames)
        {
            json.WriteNumber("stale_threads"u8, runs.StaleCount);
            json.WriteNumber("stuck_tools"u8, runs.Stuck.Count);
            return;
        }

        json.WriteStartArray("stale_threads"u8);
        foreach (var stale in runs.Stale)
        {
            json.WriteStartObject();
            WriteRun(json, stale.UserId, stale.ThreadId, stale.RunId);
            json.WriteString("agent_name"u8, stale.AgentName);
            json.WriteNumber("quiet_s"u8, stale.Quiet.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("stuck_tools"u8);
        foreach (var stuck in runs.Stuck)
        {
            json.WriteStartObject();
            WriteRun(json, stuck.UserId, stuck.ThreadId, stuck.RunId);
            json.WriteString("tool_name"u8, stuck.ToolName);
            json.WriteNumber("running_s"u8, stuck.Running.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteMetrics(Utf8JsonWriter json)
    {
        json.WriteStartObject("metrics"u8);
        json.WriteNumber("success_rate"u8, success.Value);
        json.WriteNumber("accepted_last_minute"u8, success.Accepted);
        json.WriteNumber("acknowledged_last_minute"u8, success.Acknowledged);
        if (monitor.Latest is { } latest)
        {
            LatencyJson.Write(json, "delivery_latency", latest.Delivery);
            LatencyJson.Write(json, "ack_latency", latest.Acknowledgement);
        }

        json.WriteEndObject();
    }

    private void WriteChecks(Utf8JsonWriter json)
    {
        json.WriteStartObject("checks"u8);
        foreach (var verdict in board.Verdicts)
        {
            json.WriteStartObject(verdict.Name);
            json.WriteString("status"u8, NameOf(verdict.Status));
            json.WriteString("description"u8, verdict.Description);
            json.WriteStartObject("data"u8);
            foreach (var (name, value) in verdict.Data)
            {
                json.WriteNumber(name, Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteRun(Utf8JsonWriter json, string userId, string threadId, string runId)
    {
        json.WriteString("user_id"u8, userId);
        json.WriteString("thread_id"u8, threadId);
        json.WriteString("run_id"u8, runId);
    }
}
