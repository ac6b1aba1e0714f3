using Microsoft.Extensions.Logging;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Connections;

/// <summary>Looks after all connections once a second: one timer for the process instead of one per connection.</summary>
internal sealed partial class ConnectionTick(ConnectionRegistry registry, ILogger<ConnectionTick> logger)
{
    /// <summary>How often the tick comes.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private long _rounds;

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Called by the shared tick, one call at a time.</summary>
    public void OnTick()
    {
        foreach (var connection in registry.All)
        {
            try
            {
                connection.OnTick();
            }
            catch (Exception exception)
            {
                // One connection's fault must not keep the others from being looked after.
                Log.TickFailed(logger, connection.Id, exception);
                connection.End(ConnectionEndReason.InternalError, exception);
            }
        }

        Interlocked.Increment(ref _rounds);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConnectionTickFailed, LogLevel.Error, "Looking after connection {ConnectionId} failed; it is ended", EventName = nameof(EventIds.ConnectionTickFailed))]
        public static partial void TickFailed(ILogger logger, string connectionId, Exception exception);
    }
}
