using System.Reflection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Reads the state of the system's parts. Safe from any thread.</summary>
internal sealed class SystemView(
    HealthView health,
    PipelineBridge bridge,
    BridgeInitializations initializations,
    Canary canary,
    RemediationLog remediation,
    ConnectionRecovery recovery,
    EmergencyMode emergency,
    DrainView drain,
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
    private static readonly string Version =
        typeof(SystemView).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public SystemDocument Read() => new(health.ForOperators())
    {
        MonitoringEnabled = options.Value.Enabled,
        AlertingEnabled = alerts.IsEnabled,
        Bridge = new BridgeDocument(
            BridgeStates.NameOf(bridge.State),
            bridge.FailureReason,
            initializations.Succeeded,
            initializations.Failed.Total,
            initializations.Last.TotalSeconds),
        Remediation = new RemediationDocument(
            recovery.Ended,
            recovery.Recovered,
            [
                .. remediation.Latest.Select(
                    static step => new RemediationStepItem(JsonAnswer.Seconds(step.At), step.Remediation, step.Step, step.Outcome))
            ]),
        EmergencyMode = EmergencyModeDocument.Of(emergency.State),
        Drain = drain.Read(),
        Canary = CanaryDocument.Of(canary.Latest, canary.ConsecutiveFailures) with { Passes = canary.Passes },
        Ledger = LedgerDocument.Of(ledger.Read()),
        Log = new LogDocument(log.Epoch, log.Trouble),
        Process = new ProcessDocument(
            resources.Latest.WorkingSetBytes, resources.GrowthPerHour, resources.Latest.HandleUsage, threads.Delay.TotalSeconds),
        Connections = connections.Count,
        LoadedStreams = streams.Count,
        OpenRuns = runs.OpenCount,
        Waiting = WaitingOf(runs.ReadWaiting()),
        Version = Version,
    };

    private static WaitingDocument WaitingOf(WaitingRuns waiting) => new(waiting.Runs, waiting.Overdue, waiting.Oldest.TotalSeconds);
}
