using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>
/// Records whether users connect again after the server has ended their connection because it was dead, stalled, unresponsive or confirmed
/// nothing, so that the client would connect anew and resume. The system's own users, such as the canary, are none. It ends no connection
/// itself. Safe from any thread; a lock guards the list.
/// Bounded: a user is forgotten after <see cref="Patience"/>, and above the bound the users who left first are forgotten.
/// </summary>
internal sealed class ConnectionRecovery(RemediationLog steps, ServedTime time)
{
    /// <summary>After this time, a user who connects is not counted as recovered.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const int MaxWaiting = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long At, ConnectionEndReason Reason)> _waiting = new(StringComparer.Ordinal);
    private readonly Queue<(string UserKey, long At)> _inOrder = new();
    private long _ended;
    private long _recovered;
    private int _count;

    /// <summary>How many connections the server ended for one of these reasons.</summary>
    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>How many of their users connected again.</summary>
    public long Recovered => Interlocked.Read(ref _recovered);

    /// <summary>How many of their users have not connected again yet.</summary>
    public int Waiting => Volatile.Read(ref _count);

    public void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        if (reason is not (ConnectionEndReason.PingTimeout or ConnectionEndReason.Stalled
            or ConnectionEndReason.Unconfirmed or ConnectionEndReason.Unresponsive)
            || IdentifierRules.IsReserved(connection.UserKey))
        {
            return;
        }

        Interlocked.Increment(ref _ended);
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _waiting[connection.UserKey] = (now, reason);
            _inOrder.Enqueue((connection.UserKey, now));
            Forget();
        }

        if (reason is ConnectionEndReason.Stalled or ConnectionEndReason.Unconfirmed)
        {
            steps.Add("connection", $"ended connection {connection.Id}", ConnectionEndReasons.Describe(reason).WireName);
        }
    }

    public void OnOpened(Connection connection)
    {
        if (Waiting == 0)
        {
            return;
        }

        (long At, ConnectionEndReason Reason) gone;
        lock (_gate)
        {
            if (!_waiting.Remove(connection.UserKey, out gone))
            {
                return;
            }

            Forget();
        }

        Interlocked.Increment(ref _recovered);
        if (gone.Reason is ConnectionEndReason.Stalled or ConnectionEndReason.Unconfirmed)
        {
            steps.Add("connection", $"connection {connection.Id} came instead", $"after {time.GetElapsedTime(gone.At).TotalSeconds:F1} s");
        }
    }

    /// <summary>Forgets users who left too long ago. Called by the monitor.</summary>
    public void OnTick()
    {
        if (Waiting > 0)
        {
            lock (_gate)
            {
                Forget();
            }
        }
    }

    // In the order in which they left. Entries of users who have returned, or left again later, are void and removed on the way.
    private void Forget()
    {
        while (_inOrder.TryPeek(out var oldest))
        {
            var isWaiting = _waiting.TryGetValue(oldest.UserKey, out var waiting) && waiting.At == oldest.At;
            if (isWaiting && _inOrder.Count <= MaxWaiting && time.GetElapsedTime(oldest.At) < Patience)
            {
                break;
            }

            _inOrder.Dequeue();
            if (isWaiting)
            {
                _waiting.Remove(oldest.UserKey);
            }
        }

        Volatile.Write(ref _count, _waiting.Count);
    }
}
