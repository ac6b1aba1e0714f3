using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The emergency mode, and the health check on demand (docs/protocol.md, section 11).</summary>
internal sealed class EmergencyEndpoints(
    EmergencyMode emergency, Canary canary, PipelineMonitor monitor, HealthView health, AlertSink alerts, TimeProvider time)
{
    private const string Mode = $"{MonitoringRoutes.Prefix}/emergency/mode";
    private const int MaxReason = 1000;

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<EmergencyEndpoints>(endpoints)
        .Get(Mode, "ReadEmergencyMode", static (self, _) => self.Read())
        .Put(Mode, "BeginEmergencyMode", AccessRights.Act, static (self, context) => self.BeginAsync(context))
        .Delete(Mode, "EndEmergencyMode", AccessRights.Act, static (self, context) => self.EndAsync(context))
        .Post(
            $"{MonitoringRoutes.Prefix}/emergency/health-check",
            "CheckHealth",
            AccessRights.Act,
            static (self, context) => self.CheckAsync(context));

    private IResult Read() => JsonAnswer.Of(EmergencyModeDocument.Of(emergency.State), MonitoringJson.Default.EmergencyModeDocument);

    private Task<IResult> BeginAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        MonitoringJson.Default.EmergencyModeBody,
        static (body, check) => check.NeededText("reason", body.Reason, MaxReason),
        async (reason, author) =>
        {
            if (emergency.TryEnter(reason, author, isAutomatic: false))
            {
                await alerts.RecordAsync(author, "emergency_mode_began", "emergency-mode", reason, context.RequestAborted);
            }

            return Read();
        });

    private async Task<IResult> EndAsync(HttpContext context)
    {
        var author = RequestAuthor.NameOf(context);
        if (emergency.TryLeave(author))
        {
            await alerts.RecordAsync(author, "emergency_mode_ended", "emergency-mode", string.Empty, context.RequestAborted);
        }

        return Read();
    }

    private async Task<IResult> CheckAsync(HttpContext context)
    {
        var report = await canary.RunAsync(context.RequestAborted);

        // The checks run once a second: the next run has the canary's result. If it does not come, their timestamp shows how old they are,
        // and stuck_loops the reason.
        await Task.WhenAny(monitor.WhenMeasured(), Task.Delay(MaxWait, time, context.RequestAborted));
        var document = new CheckedHealth(health.ForOperators()) { Canary = CanaryDocument.Of(report, canary.ConsecutiveFailures) };
        return JsonAnswer.Of(document, MonitoringJson.Default.CheckedHealth);
    }
}

/// <summary>Requests the emergency mode.</summary>
internal sealed record EmergencyModeBody(string? Reason) : OperatorBody;

/// <summary>Whether the emergency mode is on, and why.</summary>
internal sealed record EmergencyModeDocument(bool On, string? Reason, string? Author, double? Since, bool? Automatic)
{
    public static EmergencyModeDocument Of(EmergencyState? state) => state is null
        ? new EmergencyModeDocument(On: false, Reason: null, Author: null, Since: null, Automatic: null)
        : new EmergencyModeDocument(On: true, state.Reason, state.Author, JsonAnswer.Seconds(state.Since), state.IsAutomatic);
}

/// <summary>The result of the last canary.</summary>
internal sealed record CanaryDocument(string Status, int ConsecutiveFailures, double? At, double? RoundTripS, string? Problem)
{
    /// <summary>How many passed since the start; missing where that is not asked for.</summary>
    public long? Passes { get; init; }

    public static CanaryDocument Of(CanaryReport? report, int consecutiveFailures) => report is null
        ? new CanaryDocument("none", consecutiveFailures, At: null, RoundTripS: null, Problem: null)
        : new CanaryDocument(
            report.Problem is null ? "ok" : "failed",
            consecutiveFailures,
            JsonAnswer.Seconds(report.At),
            report.RoundTrip.TotalSeconds,
            report.Problem);
}
