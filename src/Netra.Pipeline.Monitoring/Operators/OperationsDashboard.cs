using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Trends;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboard <c>websocket_operations</c>.</summary>
internal sealed record OperationsDashboard : SystemDocument
{
    [SetsRequiredMembers]
    public OperationsDashboard(SystemDocument system)
        : base(system)
    {
    }

    [JsonPropertyOrder(-3)]
    public string DashboardId { get; init; } = string.Empty;

    public JsonElement Alerts { get; init; }

    public QueueDocument? Queue { get; init; }

    public IReadOnlyList<LiveRunItem> LiveRuns { get; init; } = [];

    public IReadOnlyList<ConsumerItem> SlowestConsumers { get; init; } = [];

    public IReadOnlyList<FailureCodeItem> FailuresByCode { get; init; } = [];

    public IReadOnlyList<FailureItem> SilentFailureFeed { get; init; } = [];

    public IReadOnlyList<FailureItem> Failures { get; init; } = [];

    public TrendPoint? Latest { get; init; }

    public IReadOnlyList<TrendPoint>? Trend { get; init; }
}

/// <summary>What waits for pages, against what may: of all connections together, and of the one whose queue is fullest.</summary>
internal sealed record QueueDocument(long Frames, long FramesLimit, long Bytes, long BytesLimit, double FullestShare, int Lagging);

/// <summary>An open run, and how long ago its last sign of life was.</summary>
internal sealed record LiveRunItem(
    string UserId,
    string? TenantId,
    string ThreadId,
    string RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? AgentName,
    int Attempt,
    string State,
    double QuietS);

/// <summary>A connection that is behind: how much waits for it, and how much it has not acknowledged of what was written.</summary>
internal sealed record ConsumerItem(
    string UserId,
    string? TenantId,
    string ConnectionId,
    string Transport,
    string State,
    int QueuedFrames,
    int FramesLimit,
    long QueuedBytes,
    long BytesLimit,
    long Unacknowledged,
    double SilentS);

/// <summary>How often something has failed.</summary>
internal sealed record FailureCodeItem(string Code, string? SilentFailure, long LastMinute, long Total);
