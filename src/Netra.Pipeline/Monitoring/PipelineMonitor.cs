using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Remedies;

namespace Netra.Pipeline.Monitoring;

/// <summary>What the tick does for monitoring, once a second: measures, judges, helps, and hands the readings to the alerts. The latest of everything may be read from any thread.</summary>
internal sealed class PipelineMonitor(
    SignalReader signals, HealthBoard health, OverloadRemedy overload, PipelineObservation observation, SnapshotHistory history, AlertCenter alerts, IOptions<MonitoringOptions> options)
{
    private MonitoringSnapshot? _latest;
    private long _rounds;

    /// <summary>The last second's; null before the first, and while monitoring is off.</summary>
    public MonitoringSnapshot? Latest => Volatile.Read(ref _latest);

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>Called by the shared tick alone.</summary>
    public void OnTick()
    {
        observation.OnTick();
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
            Interlocked.Increment(ref _rounds);
            throw;
        }

        overload.OnTick();
        var checks = health.Judge(snapshot);
        Volatile.Write(ref _latest, snapshot);
        history.Add(snapshot);
        alerts.Evaluate([.. snapshot.Readings, .. checks]);
        Interlocked.Increment(ref _rounds);
    }
}
