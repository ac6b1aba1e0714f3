using System.Collections.Concurrent;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Monitoring.Remedies;

/// <summary>
/// Notes how connections that were bad came back: the server ends what is dead, stalled, unresponsive or confirms nothing, so that its client connects anew and resumes. Safe from any thread. Bounded: above the bound the
/// users that are gone longest are not waited for.
/// </summary>
internal sealed class ConnectionRemedy(RemedyLog steps, TimeProvider time)
{
    private const int MaxWaiting = 10_000;

    private readonly ConcurrentDictionary<string, (long At, ConnectionEndReason Reason)> _waiting = new(StringComparer.Ordinal);
    private long _ended;
    private long _recovered;

    /// <summary>How many connections the server ended to mend them.</summary>
    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>How many of those users came back.</summary>
    public long Recovered => Interlocked.Read(ref _recovered);

    public void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        if (reason is not (ConnectionEndReason.PingTimeout or ConnectionEndReason.Stalled or ConnectionEndReason.Unconfirmed or ConnectionEndReason.Unresponsive))
        {
            return;
        }

        Interlocked.Increment(ref _ended);
        if (_waiting.Count < MaxWaiting)
        {
            _waiting[connection.UserId] = (time.GetTimestamp(), reason);
        }

        if (reason is ConnectionEndReason.Stalled or ConnectionEndReason.Unconfirmed)
        {
            steps.Add("connection", $"ended connection {connection.Id}", ConnectionEndReasons.Describe(reason).WireName);
        }
    }

    public void OnOpened(Connection connection)
    {
        if (!_waiting.IsEmpty && _waiting.TryRemove(connection.UserId, out var gone))
        {
            Interlocked.Increment(ref _recovered);
            if (gone.Reason is ConnectionEndReason.Stalled or ConnectionEndReason.Unconfirmed)
            {
                steps.Add("connection", $"connection {connection.Id} came instead", $"after {time.GetElapsedTime(gone.At).TotalSeconds:F1} s");
            }
        }
    }
}
