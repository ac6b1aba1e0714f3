using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>Counts drops, and has those looked after that were ended for their user's good. Safe from any thread.</summary>
internal sealed class ConnectionMonitor(ConnectionRecovery recovery, ConnectionDrops drops, WaitingUsers waiting) : ConnectionObserver
{
    public override void OnOpened(Connection connection)
    {
        recovery.OnOpened(connection);
    }

    public override void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        if (ConnectionEndReasons.Describe(reason).IsError && !connection.IsUnheardSinceGap)
        {
            // Whoever gave up while this process stood still says nothing about how connections last.
            drops.Add();
        }

        waiting.OnEnded(connection.UserId);
        recovery.OnEnded(connection, reason);
    }
}
