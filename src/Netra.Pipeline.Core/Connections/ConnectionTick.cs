using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Checks all connections once a second, and nothing else: one timer for the process instead of one per connection. It waits for nothing;
/// one loop calls it, one call at a time.
/// </summary>
internal sealed partial class ConnectionTick(ConnectionRegistry registry, ServedTime served, ILogger<ConnectionTick> logger)
{
    /// <summary>How often the tick comes.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private long _gaps;
    private TimeSpan _lost;
    private long _rounds;

    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Called by the shared tick, one call at a time.</summary>
    public void OnTick()
    {
        if (served.Gaps is var gaps && gaps != _gaps)
        {
            var lost = served.Lost;
            Log.StoodStill(logger, (lost - _lost).TotalSeconds);
            (_gaps, _lost) = (gaps, lost);
        }

        foreach (var connection in registry.All)
        {
            try
            {
                connection.OnTick();
            }
            catch (Exception exception)
            {
                // One connection's fault must not keep the others from being checked.
                Log.TickFailed(logger, connection.Id, exception);
                connection.End(ConnectionEndReason.InternalError, exception);
            }
        }

        Interlocked.Increment(ref _rounds);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ProcessStoodStill, LogLevel.Warning,
            "This process did not run for {Seconds:F1} s (it was stopped or moved, or had no threads). Every deadline moves by as much, "
            + "and each page is asked before it is judged",
            EventName = nameof(EventIds.ProcessStoodStill))]
        public static partial void StoodStill(ILogger logger, double seconds);

        [LoggerMessage(
            EventIds.ConnectionTickFailed,
            LogLevel.Error,
            "Looking after connection {ConnectionId} failed; it is ended",
            EventName = nameof(EventIds.ConnectionTickFailed))]
        public static partial void TickFailed(ILogger logger, string connectionId, Exception exception);
    }
}
