using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>Counts dropped connections, and records whether users connect again. Safe from any thread.</summary>
internal sealed class ConnectionMonitor(ConnectionRecovery recovery, ConnectionDrops drops, WaitingUsers waiting) : ConnectionObserver
{
    public override void OnOpened(Connection connection) => recovery.OnOpened(connection);

    public override void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        if (ConnectionEndReasons.Describe(reason).IsError && !connection.IsUnheardSinceGap)
        {
            // A client that left while this process did not run had no chance; its connection is not counted as dropped.
            drops.Add();
        }

        waiting.OnEnded(connection.UserKey);
        recovery.OnEnded(connection, reason);
    }
}
