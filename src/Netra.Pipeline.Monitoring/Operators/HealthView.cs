using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Makes the health object (docs/protocol.md, section 11). Safe from any thread.</summary>
internal sealed class HealthView(
    PipelineHealth health,
    PipelineMonitor monitor,
    QuietRuns runs,
    RunRegistry registry,
    FailureCounts failures,
    SuccessRate success,
    TimeProvider time)
{
    private static readonly FailureCode[] Silent =
        [FailureCode.SilentFailure, FailureCode.RunStalled, FailureCode.ContextMissing, FailureCode.CriticalDeliveryFailed];

    public HealthStatus Status => health.ResultOf(PipelineHealth.Overall).Status;

    /// <summary>For every caller: it names neither users nor their runs.</summary>
    public HealthDocument<int, int, int> ForEverybody()
        => Make(runs.StaleCount, runs.Stuck.Count, registry.ReadWaiting().Runs);

    public OperatorHealth ForOperators() => new(Make<
        IReadOnlyList<StaleThreadItem>, IReadOnlyList<StuckToolItem>, IReadOnlyList<WaitingRunItem>>(
        [
            .. runs.Stale.Select(
                static stale => new StaleThreadItem(
                    UserKey.UserOf(stale.UserId),
                    UserKey.TenantOrNull(stale.UserId),
                    stale.ThreadId,
                    stale.RunId,
                    stale.AgentName,
                    stale.Quiet.TotalSeconds))
        ],
        [
            .. runs.Stuck.Select(
                static stuck => new StuckToolItem(
                    UserKey.UserOf(stuck.UserId),
                    UserKey.TenantOrNull(stuck.UserId),
                    stuck.ThreadId,
                    stuck.RunId,
                    stuck.ToolName,
                    stuck.Running.TotalSeconds))
        ],
        [
            .. registry.ListWaiting(QuietRuns.MaxListed).Select(static run => new WaitingRunItem(
                UserKey.UserOf(run.Key.UserKey),
                UserKey.TenantOrNull(run.Key.UserKey),
                run.Key.ThreadId,
                run.Key.RunId,
                run.AgentName,
                run.Requests,
                run.Overdue,
                run.Waited.TotalSeconds))
        ]));

    private static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        HealthStatus.Unhealthy => "unhealthy",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a defined status"),
    };

    private static HealthCheckItem ItemOf(HealthResult result) => new(
        NameOf(result.Status),
        result.Description,
        result.Data.ToDictionary(
            static entry => entry.Key,
            static entry => Convert.ToDouble(entry.Value, CultureInfo.InvariantCulture),
            StringComparer.Ordinal));

    private HealthDocument<TStale, TStuck, TWaiting> Make<TStale, TStuck, TWaiting>(TStale stale, TStuck stuck, TWaiting waiting)
    {
        var (results, latest) = (health.Results, monitor.Latest);
        return new(
            NameOf(Status),
            IssuesOf(results),
            stale,
            stuck,
            waiting,
            Silent.Sum(code => failures[code].Total),
            new DeliveryMetrics(
                success.Value,
                success.Accepted,
                success.Acknowledged,
                latest is null ? null : LatencyDocument.Of(latest.Delivery),
                latest is null ? null : LatencyDocument.Of(latest.Acknowledgement)),
            results.ToDictionary(static result => result.Name, ItemOf, StringComparer.Ordinal),
            JsonAnswer.Seconds(latest?.At ?? time.GetUtcNow()));
    }

    private string[] IssuesOf(IReadOnlyList<HealthResult> results)
    {
        string[] issues =
        [
            .. results.Where(static result => result.Status != HealthStatus.Healthy && result.Name != PipelineHealth.Overall)
                .Select(static result => $"{result.Name}: {result.Description}"),
        ];
        return issues.Length == 0 && health.ResultOf(PipelineHealth.Overall) is { Status: not HealthStatus.Healthy } overall
            ? [overall.Description]
            : issues;
    }
}
