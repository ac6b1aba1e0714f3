using System.Threading.Channels;

namespace Netra.Pipeline.Peers.Netra;

/// <summary>
/// Says whose series begins. A series is the user's, not the connection's, as everything is in the pipeline: a second tab joins the one
/// that runs, a page that comes back finds it going on (what it has missed it gets by its cursor), and nobody ends it by leaving. The next
/// one begins for who connects after it is over, once the connections that had it are gone: a tab beside them must not double their stream.
/// </summary>
/// <remarks>Safe from any thread: the lock guards the table and all that is in it.</remarks>
internal sealed class UserPresence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Presence> _present = new(StringComparer.Ordinal);
    private readonly Channel<string> _beginning = Channel.CreateUnbounded<string>();

    /// <summary>The users whose series begins.</summary>
    public ChannelReader<string> Beginning => _beginning.Reader;

    public void OnOpened(string userId, string connectionId)
    {
        lock (_gate)
        {
            if (!_present.TryGetValue(userId, out var presence))
            {
                _present.Add(userId, presence = new Presence());
            }

            if (presence.IsRunning)
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
        lock (_gate)
        {
            var presence = _present[userId];
            if (presence.Waiting?.Remove(connectionId) != true)
            {
                presence.Served--;
            }

            BeginIfFree(userId, presence);
        }
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
            _beginning.Writer.TryWrite(userId);
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
    }
}
