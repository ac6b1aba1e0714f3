using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>What the tick does for monitoring, once a second: measures, judges, helps, and hands the readings to the alerts. The latest of everything may be read from any thread.</summary>
internal sealed class PipelineMonitor(
    SignalReader signals,
    PipelineHealth health,
    OverloadRemediation overload,
    ConnectionRecovery connections,
    PipelineObservation observation,
    SnapshotHistory history,
    AlertSink alerts,
    IOptions<MonitoringOptions> options)
{
    private MonitoringSnapshot? _latest;
    private TaskCompletionSource _next = NewRound();
    private long _rounds;

    /// <summary>The last second's; null before the first, and while monitoring is off.</summary>
    public MonitoringSnapshot? Latest => Volatile.Read(ref _latest);

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>Completes when a round that begins after this call is done: it has seen all that happened until now.</summary>
    public Task WhenMeasured() => Volatile.Read(ref _next).Task;

    /// <summary>Called by its loop alone.</summary>
    public void OnTick()
    {
        var round = Interlocked.Exchange(ref _next, NewRound());
        try
        {
            Measure();
        }
        finally
        {
            Interlocked.Increment(ref _rounds);
            round.SetResult();
        }
    }

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Measure()
    {
        observation.OnTick();
        connections.OnTick();
        if (!options.Value.Enabled)
        {
            // Nothing is measured; what operators raise by hand is told all the same.
            alerts.Advance();
            return;
        }

        MonitoringSnapshot snapshot;
        try
        {
            snapshot = signals.Read();
        }
        catch
        {
            // The loop reports it; and rules that are blind are an alert.
            alerts.Evaluate([]);
            throw;
        }

        overload.OnTick();
        var checks = health.Judge(snapshot);
        Volatile.Write(ref _latest, snapshot);
        history.Add(snapshot);
        alerts.Evaluate([.. snapshot.Readings, .. checks]);
    }
}
