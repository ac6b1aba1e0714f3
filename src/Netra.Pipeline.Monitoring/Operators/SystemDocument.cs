using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The health object, and the state of the system's parts. Derived records add their own members after these.</summary>
internal record SystemDocument : OperatorHealth
{
    public SystemDocument(OperatorHealth health)
        : base(health)
    {
    }

    [JsonPropertyOrder(-1)]
    public required bool MonitoringEnabled { get; init; }

    [JsonPropertyOrder(-1)]
    public required bool AlertingEnabled { get; init; }

    [JsonPropertyOrder(-1)]
    public required BridgeDocument Bridge { get; init; }

    [JsonPropertyOrder(-1)]
    public required RemediationDocument Remediation { get; init; }

    [JsonPropertyOrder(-1)]
    public required EmergencyModeDocument EmergencyMode { get; init; }

    [JsonPropertyOrder(-1)]
    public required DrainDocument Drain { get; init; }

    [JsonPropertyOrder(-1)]
    public required CanaryDocument Canary { get; init; }

    [JsonPropertyOrder(-1)]
    public required LedgerDocument Ledger { get; init; }

    [JsonPropertyOrder(-1)]
    public required LogDocument Log { get; init; }

    [JsonPropertyOrder(-1)]
    public required ProcessDocument Process { get; init; }

    [JsonPropertyOrder(-1)]
    public required int Connections { get; init; }

    [JsonPropertyOrder(-1)]
    public required int LoadedStreams { get; init; }

    [JsonPropertyOrder(-1)]
    public required int OpenRuns { get; init; }

    [JsonPropertyOrder(-1)]
    public required WaitingDocument Waiting { get; init; }

    [JsonPropertyOrder(-1)]
    public required string Version { get; init; }
}

/// <summary>The system document with the alerts.</summary>
internal sealed record SystemStatus : SystemDocument
{
    [SetsRequiredMembers]
    public SystemStatus(SystemDocument system)
        : base(system)
    {
    }

    public JsonElement Alerts { get; init; }

    public IReadOnlyCollection<string> Channels { get; init; } = [];
}

internal sealed record BridgeDocument(
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Failure,
    long Initializations,
    long FailedInitializations,
    double LastInitializationS);

internal sealed record RemediationDocument(long ConnectionsEnded, long ConnectionsRecovered, IReadOnlyList<RemediationStepItem> Steps);

internal sealed record RemediationStepItem(double At, string Remedy, string Step, string Outcome);

/// <summary>All runs that wait for answers, however many are listed.</summary>
internal sealed record WaitingDocument(int Runs, int OverdueAnswers, double OldestS);

internal sealed record LogDocument(string Epoch, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Trouble);

internal sealed record ProcessDocument(
    double WorkingSetBytes, double MemoryGrowthBytesPerHour, double HandleUsage, double ThreadPoolDelayS);
