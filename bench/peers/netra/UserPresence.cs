using System.Threading.Channels;

namespace Netra.Pipeline.Peers.Netra;

/// <summary>
/// Says whose series begins. A series is the user's, not the connection's, as everything is in the pipeline: a second tab joins the one
/// that runs, a page that comes back finds it going on (what it has missed it gets by its cursor), and nobody ends it by leaving. The next
/// one begins when somebody connects who has no other connection, and whose last series is over.
/// </summary>
/// <remarks>Safe from any thread: the lock guards the table.</remarks>
internal sealed class UserPresence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Presence> _present = new(StringComparer.Ordinal);
    private readonly Channel<string> _beginning = Channel.CreateUnbounded<string>();

    /// <summary>The users whose series begins.</summary>
    public ChannelReader<string> Beginning => _beginning.Reader;

    public void OnOpened(string userId)
    {
        lock (_gate)
        {
            var (connections, isServed) = _present.GetValueOrDefault(userId);
            var begins = connections == 0 && !isServed;
            _present[userId] = new Presence(connections + 1, isServed || begins);
            if (begins)
            {
                _beginning.Writer.TryWrite(userId);
            }
        }
    }

    public void OnEnded(string userId) => Change(userId, static presence => presence with { Connections = presence.Connections - 1 });

    /// <summary>A user's series is over.</summary>
    public void OnServed(string userId) => Change(userId, static presence => presence with { IsServed = false });

    private void Change(string userId, Func<Presence, Presence> change)
    {
        lock (_gate)
        {
            var presence = change(_present[userId]);
            if (presence == default)
            {
                _present.Remove(userId);
            }
            else
            {
                _present[userId] = presence;
            }
        }
    }

    private readonly record struct Presence(int Connections, bool IsServed);
}
