using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>Counts drops, tells observers of them, and tells those that open of an emergency. Safe from any thread.</summary>
internal sealed class ConnectionMonitor(
    PipelineObservation observation, EmergencyMode emergency, ConnectionRecovery recovery, ConnectionDrops drops, WaitingUsers waiting)
{
    public void OnOpened(Connection connection)
    {
        emergency.Tell(connection);
        recovery.OnOpened(connection);
        if (observation.HasObservers)
        {
            observation.OnConnection(new ObservedConnection(connection.Id, connection.UserId, connection.Transport, EndReason: null));
        }
    }

    public void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        if (ConnectionEndReasons.Describe(reason).IsError && !connection.IsUnheardSinceGap)
        {
            // Whoever gave up while this process stood still says nothing about how connections last.
            drops.Add();
        }

        waiting.OnEnded(connection.UserId);
        recovery.OnEnded(connection, reason);
        if (observation.HasObservers)
        {
            observation.OnConnection(new ObservedConnection(connection.Id, connection.UserId, connection.Transport, reason));
        }
    }
}
