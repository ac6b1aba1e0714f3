using System.Threading.Channels;

namespace Netra.Pipeline.Peers.Netra;

/// <summary>
/// Says whose series begins. A series is the user's, not the connection's, as everything is in the pipeline: a second tab joins the one
/// that runs, and it ends when the last of them has left. The next one begins for who connects after it is over, once the connections
/// that had it are gone: a tab beside them must not double their stream.
/// </summary>
/// <remarks>Safe from any thread: the lock guards the table and all that is in it.</remarks>
internal sealed class UserPresence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Presence> _present = new(StringComparer.Ordinal);
    private readonly Channel<StartingSeries> _beginning = Channel.CreateUnbounded<StartingSeries>();

    /// <summary>The series that begin.</summary>
    public ChannelReader<StartingSeries> Beginning => _beginning.Reader;

    public void OnOpened(string userId, string connectionId)
    {
        lock (_gate)
        {
            if (!_present.TryGetValue(userId, out var presence))
            {
                _present.Add(userId, presence = new Presence());
            }

            if (presence.IsRunning && presence.Served > 0)
            {
                presence.Served++;
            }
            else
            {
                (presence.Waiting ??= new HashSet<string>(StringComparer.Ordinal)).Add(connectionId);
                BeginIfFree(userId, presence);
            }
        }
    }

    public void OnEnded(string userId, string connectionId)
    {
        CancellationTokenSource? gone = null;
        lock (_gate)
        {
            var presence = _present[userId];
            if (presence.Waiting?.Remove(connectionId) != true)
            {
                presence.Served--;
                gone = presence is { Served: 0, IsRunning: true } ? presence.Gone : null;
            }

            BeginIfFree(userId, presence);
        }

        gone?.Cancel();
    }

    /// <summary>A user's series is over, but for its last event.</summary>
    public void OnServed(string userId)
    {
        lock (_gate)
        {
            var presence = _present[userId];
            presence.IsRunning = false;
            BeginIfFree(userId, presence);
        }
    }

    private void BeginIfFree(string userId, Presence presence)
    {
        if (presence.IsRunning || presence.Served > 0)
        {
            return;
        }

        if (presence.Waiting is { Count: > 0 } waiting)
        {
            (presence.Served, presence.Waiting, presence.IsRunning) = (waiting.Count, null, true);
            presence.Gone = new CancellationTokenSource();
            _beginning.Writer.TryWrite(new StartingSeries(userId, presence.Gone.Token));
        }
        else
        {
            _present.Remove(userId);
        }
    }

    private sealed class Presence
    {
        /// <summary>How many connections have the series that runs, or had the last one.</summary>
        public int Served { get; set; }

        /// <summary>The connections that have opened since.</summary>
        public HashSet<string>? Waiting { get; set; }

        public bool IsRunning { get; set; }

        /// <summary>Cancelled when nobody is left who has the series that runs.</summary>
        public CancellationTokenSource? Gone { get; set; }
    }
}
