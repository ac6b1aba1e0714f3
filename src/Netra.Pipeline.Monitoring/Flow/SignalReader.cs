using Netra.Pipeline.Commands;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>Measures all signals, once a second. Called by the tick alone.</summary>
internal sealed class SignalReader(
    FailureCounts failures,
    CriticalLogs criticalLogs,
    DeliveryLatencies latencies,
    SuccessRate success,
    Ledger ledger,
    WaitingUsers waiting,
    IEventLog log,
    PipelineBridge bridge,
    BridgeInitializations initializations,
    Canary canary,
    QuietRuns runs,
    RunRegistry registry,
    EmergencyMode emergency,
    LatencyBaseline baseline,
    ResourceTrend resources,
    ThreadPoolProbe threads,
    BackgroundWatch loops,
    CommandMetrics commands,
    TimeProvider time)
{
    public MonitoringSnapshot Read()
    {
        failures.OnTick();
        criticalLogs.Count.OnTick();
        initializations.Failed.OnTick();
        latencies.Delivery.OnTick();
        latencies.Acknowledgement.OnTick();
        resources.OnTick();
        threads.OnTick();
        var (delivery, acknowledgement) = (latencies.Delivery.Read(), latencies.Acknowledgement.Read());
        baseline.OnTick(delivery);
        var report = ledger.Latest ?? ledger.Read();
        success.OnTick(report);
        var asking = registry.ReadWaiting();

        List<SignalReading> readings =
        [
            new(Signals.IsolationViolations, null, failures[FailureCode.IsolationViolation].LastMinute),
            new(Signals.BridgeFailures, null, initializations.Failed.LastMinute + (bridge.State == BridgeState.Failed ? 1 : 0)),
            new(Signals.SuccessRate, null, success.Value),
            new(Signals.DeliveryLatency, null, delivery.Mean.TotalSeconds),
            new(Signals.UsersWaitingWithoutConnections, null, waiting.Count()),
            new(Signals.CriticalLogs, null, criticalLogs.Count.LastMinute),
            new(Signals.Unaccounted, null, report.Account.Unaccounted),
            new(Signals.CanaryFailures, null, canary.ConsecutiveFailures),
            new(Signals.LogTrouble, null, log.Trouble is null ? 0 : 1),
            new(Signals.LostFiles, null, log.LostFiles is null ? 0 : 1),
            new(Signals.StalledRuns, null, runs.StaleCount),
            new(Signals.StuckTools, null, runs.Stuck.Count),
            new(Signals.OverdueAnswers, null, asking.Overdue),
            new(Signals.EmergencyMode, null, emergency.IsOn ? 1 : 0),
            new(Signals.LatencyDegradation, null, baseline.Degradation),
            new(Signals.MemoryGrowth, null, resources.GrowthPerHour),
            new(Signals.ThreadPoolDelay, null, threads.Delay.TotalSeconds),
            new(Signals.HandleUsage, null, resources.Latest.HandleUsage),
        ];
        AddFailures(readings);
        AddSilentFailures(readings);
        readings.AddRange(Enum.GetValues<CommandKind>().Select(
            kind => new SignalReading(Signals.UntakenCommands, CommandKinds.WireName(kind), commands.UntakenOf(kind))));
        readings.AddRange(loops.Loops.Select(static loop => new SignalReading(Signals.StuckLoops, loop.Loop, loop.IsStuck ? 1 : 0)));
        return new MonitoringSnapshot(time.GetUtcNow(), readings, delivery, acknowledgement)
        {
            Waiting = asking,
            Account = report.Account,
            NewDelivery = latencies.Delivery.New,
        };
    }

    private void AddFailures(List<SignalReading> readings)
    {
        foreach (var code in Enum.GetValues<FailureCode>())
        {
            readings.Add(new SignalReading(Signals.Failures, FailureCodes.WireName(code), failures[code].LastMinute));
        }
    }

    private void AddSilentFailures(List<SignalReading> readings)
    {
        foreach (var (kind, codes) in SilentFailureKinds.All)
        {
            readings.Add(new SignalReading(Signals.SilentFailures, kind, codes.Sum(code => failures[code].LastMinute)));
        }
    }
}
