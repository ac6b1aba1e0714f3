using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The health object (docs/protocol.md, section 11). Derived records add their own members after these.</summary>
/// <typeparam name="TStale">The stale threads: how many for every caller, which ones for operators.</typeparam>
/// <typeparam name="TStuck">The stuck tools, in the same way.</typeparam>
/// <typeparam name="TWaiting">The runs that wait for answers, in the same way.</typeparam>
internal record HealthDocument<TStale, TStuck, TWaiting>(
    [property: JsonPropertyOrder(-2)] string Status,
    [property: JsonPropertyOrder(-2)] IReadOnlyList<string> Issues,
    [property: JsonPropertyOrder(-2)] TStale StaleThreads,
    [property: JsonPropertyOrder(-2)] TStuck StuckTools,
    [property: JsonPropertyOrder(-2)] TWaiting WaitingRuns,
    [property: JsonPropertyOrder(-2)] long SilentFailures,
    [property: JsonPropertyOrder(-2)] DeliveryMetrics Metrics,
    [property: JsonPropertyOrder(-2)] IReadOnlyDictionary<string, HealthCheckItem> Checks,
    [property: JsonPropertyOrder(-2)] double Timestamp);

/// <summary>The health object for operators, which names stale threads, stuck tools and runs that wait.</summary>
internal record OperatorHealth
    : HealthDocument<IReadOnlyList<StaleThreadItem>, IReadOnlyList<StuckToolItem>, IReadOnlyList<WaitingRunItem>>
{
    public OperatorHealth(
        HealthDocument<IReadOnlyList<StaleThreadItem>, IReadOnlyList<StuckToolItem>, IReadOnlyList<WaitingRunItem>> health)
        : base(health)
    {
    }
}

/// <summary>The health object with the result of a canary that was just sent.</summary>
internal sealed record CheckedHealth : OperatorHealth
{
    public CheckedHealth(OperatorHealth health)
        : base(health)
    {
    }

    public required CanaryDocument Canary { get; init; }
}

internal sealed record StaleThreadItem(
    string UserId,
    string? TenantId,
    string ThreadId,
    string RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? AgentName,
    double QuietS);

internal sealed record StuckToolItem(
    string UserId, string? TenantId, string ThreadId, string RunId, string ToolName, double RunningS);

internal sealed record WaitingRunItem(
    string UserId,
    string? TenantId,
    string ThreadId,
    string RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? AgentName,
    int Requests,
    int Overdue,
    double WaitingS);

/// <summary>Delivery in the last minute; the latencies are missing before the first second.</summary>
internal sealed record DeliveryMetrics(
    double SuccessRate,
    long AcceptedLastMinute,
    long AcknowledgedLastMinute,
    LatencyDocument? DeliveryLatency,
    LatencyDocument? AckLatency);

internal sealed record HealthCheckItem(string Status, string Description, IReadOnlyDictionary<string, double> Data);

/// <summary>The number of latencies, their mean and percentiles; only the number, 0, where there are none.</summary>
internal sealed record LatencyDocument(long Count, double? AverageS, double? P50S, double? P95S, double? P99S)
{
    public static LatencyDocument Of(LatencyHistogram? latencies) => latencies is not { Count: > 0 }
        ? new LatencyDocument(0, AverageS: null, P50S: null, P95S: null, P99S: null)
        : new LatencyDocument(
            latencies.Count,
            latencies.Mean.TotalSeconds,
            latencies.Percentile(0.5).TotalSeconds,
            latencies.Percentile(0.95).TotalSeconds,
            latencies.Percentile(0.99).TotalSeconds);
}
