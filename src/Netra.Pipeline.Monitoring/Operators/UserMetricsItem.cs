using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// The metrics of one user (docs/protocol.md, section 11). The accounts of the user's stream are missing while it is not loaded. Derived
/// records add their own members after these.
/// </summary>
internal record UserMetricsItem
{
    [JsonPropertyOrder(-1)]
    public required string UserId { get; init; }

    [JsonPropertyOrder(-1)]
    public string? TenantId { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Attempted { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Accepted { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Refused { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Delivered { get; init; }

    [JsonPropertyOrder(-1)]
    public long? Acknowledged { get; init; }

    [JsonPropertyOrder(-1)]
    public long? Pending { get; init; }

    [JsonPropertyOrder(-1)]
    public long? PendingOffline { get; init; }

    [JsonPropertyOrder(-1)]
    public long? Expired { get; init; }

    [JsonPropertyOrder(-1)]
    public long? DeadLettered { get; init; }

    [JsonPropertyOrder(-1)]
    public double? SuccessRate { get; init; }

    [JsonPropertyOrder(-1)]
    public int? Connections { get; init; }

    [JsonPropertyOrder(-1)]
    public int? Lagging { get; init; }

    [JsonPropertyOrder(-1)]
    public bool? Online { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Failed { get; init; }

    [JsonPropertyOrder(-1)]
    public required IReadOnlyDictionary<string, TypeMetrics> ByType { get; init; }

    [JsonPropertyOrder(-1)]
    public required LatencyDocument DeliveryLatency { get; init; }

    [JsonPropertyOrder(-1)]
    public required LatencyDocument AckLatency { get; init; }

    [JsonPropertyOrder(-1)]
    public required long ConnectedTotal { get; init; }

    [JsonPropertyOrder(-1)]
    public required long DroppedTotal { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Reconnects { get; init; }

    [JsonPropertyOrder(-1)]
    public required double ReconnectAverageS { get; init; }

    [JsonPropertyOrder(-1)]
    public required long RunsEnded { get; init; }

    [JsonPropertyOrder(-1)]
    public required long RunsEndedAcknowledged { get; init; }
}

/// <summary>One user's metrics with connections, open runs and the latest failures.</summary>
internal sealed record UserView : UserMetricsItem
{
    [SetsRequiredMembers]
    public UserView(UserMetricsItem metrics)
        : base(metrics)
    {
    }

    /// <summary>The id of the user's latest event; missing while the stream is not loaded, or has none.</summary>
    public string? LatestEventId { get; init; }

    public IReadOnlyList<ConnectionItem> OpenConnections { get; init; } = [];

    public IReadOnlyList<OpenRunItem> OpenRuns { get; init; } = [];

    public IReadOnlyList<FailureItem> Failures { get; init; } = [];
}

/// <summary>A page of users, and after which user the next one begins.</summary>
internal sealed record UserMetricsPage(IReadOnlyList<UserMetricsItem> Users, string? Next);

internal sealed record TypeMetrics(long Accepted, long Refused);

internal sealed record ConnectionItem(
    string ConnectionId,
    string Transport,
    string State,
    long Written,
    long Acknowledged,
    int QueuedFrames,
    long QueuedBytes,
    double SilentS);

internal sealed record OpenRunItem(
    string ThreadId,
    string RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? AgentName,
    string State,
    double QuietS,
    bool Stalled,
    IReadOnlyList<OpenRequestItem>? Waiting);

/// <summary>What a run waits for an answer to; of a long prompt the beginning.</summary>
internal sealed record OpenRequestItem(
    string RequestId,
    string Kind,
    string Prompt,
    string? CallId,
    double? Until,
    double Since,
    double WaitingS);

/// <summary>
/// A failure of the feed. User, thread, run and connection are null where it concerns none; event type, tool and call are missing where it
/// concerns none.
/// </summary>
internal sealed record FailureItem(
    double At,
    string Code,
    string Operation,
    string Message,
    long Count,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? UserId,
    string? TenantId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ThreadId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ConnectionId,
    string? EventType,
    string? ToolName,
    string? CallId)
{
    public static FailureItem Of(Failure failure) => new(
        JsonAnswer.Seconds(failure.Time),
        FailureCodes.WireName(failure.Code),
        failure.Operation,
        failure.Message,
        failure.Count,
        failure.UserId,
        failure.TenantId,
        failure.ThreadId,
        failure.RunId,
        failure.ConnectionId,
        failure.EventType,
        failure.ToolName,
        failure.CallId);
}
