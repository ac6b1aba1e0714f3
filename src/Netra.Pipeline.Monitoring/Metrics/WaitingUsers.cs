using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// Users for whom events were accepted while no page of any user was connected: that one user is away is normal, that all are is not.
/// Reporting ends is safe from any thread; counting is the tick's.
/// </summary>
internal sealed class WaitingUsers(ConnectionRegistry connections, UserMetricsTable users, ServedTime time)
{
    /// <summary>How long no page must have been connected: one that reloads, or looks for its server, is back within this time.</summary>
    public static readonly TimeSpan Returning = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan NewEvents = TimeSpan.FromMinutes(5);

    private long _leftAt;
    private long _emptySince;

    /// <summary>How many there are.</summary>
    public int Count()
    {
        var now = time.GetTimestamp();
        if (connections.All.Any(static connection => !connection.IsEnded && !IdentifierRules.IsReserved(connection.UserKey)))
        {
            _emptySince = 0;
            return 0;
        }

        _emptySince = _emptySince == 0 ? now : _emptySince;
        if (time.GetElapsedTime(_emptySince, now) < Returning)
        {
            return 0;
        }

        // Events that came while a page was connected are that page's to show, even if it left at once.
        var leftAt = Volatile.Read(ref _leftAt);
        return users.All().Count(
            user =>
                user.LastAcceptedAt is not 0 and var acceptedAt && acceptedAt > leftAt && time.GetElapsedTime(acceptedAt, now) < NewEvents);
    }

    /// <summary>A connection has ended.</summary>
    /// <param name="userId">The connection's user.</param>
    public void OnEnded(string userId)
    {
        if (!IdentifierRules.IsReserved(userId))
        {
            Volatile.Write(ref _leftAt, time.GetTimestamp());
        }
    }
}
