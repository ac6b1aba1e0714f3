using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Monitoring.Trends;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>
/// Monitoring's part of the tick, once a second: measures the signals, runs the health checks and remediation, and hands the readings to
/// alerting. The latest results may be read from any thread.
/// </summary>
internal sealed class PipelineMonitor(
    SignalReader signals,
    PipelineHealth health,
    OverloadRemediation overload,
    ConnectionRecovery connections,
    PipelineObservation observation,
    TrendReader trends,
    AlertSink alerts,
    IOptions<MonitoringOptions> options)
{
    private MonitoringSnapshot? _latest;
    private TaskCompletionSource _next = NewRound();
    private long _rounds;

    /// <summary>The snapshot of the last second; null before the first, and while monitoring is off.</summary>
    public MonitoringSnapshot? Latest => Volatile.Read(ref _latest);

    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>
    /// Completes when a round that begins after this call is done: its snapshot includes all that happened before the call.
    /// </summary>
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
            // Nothing is measured, but emergency alerts escalate all the same.
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
            // The loop reports it, and alerting raises an alert for the missing signals.
            alerts.Evaluate([]);
            throw;
        }

        overload.OnTick();
        var checks = health.Check(snapshot);
        Volatile.Write(ref _latest, snapshot);
        trends.OnTick(snapshot);
        alerts.Evaluate([.. snapshot.Readings, .. checks]);
    }
}
