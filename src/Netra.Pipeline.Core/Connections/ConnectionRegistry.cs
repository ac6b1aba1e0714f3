using System.Collections.Concurrent;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>The open connections of this process. Safe to use from any thread.</summary>
public sealed class ConnectionRegistry : FailureAudience
{
    private readonly ConcurrentDictionary<string, Connection> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Connection[]> _byUser = new(StringComparer.Ordinal);

    // Guards what connections are asked, and the order in which each of them is told.
    private readonly Lock _askGate = new();

    private TaskCompletionSource? _empty;
    private ReconnectRequest? _asked;

    /// <summary>How many connections are open.</summary>
    public int Count => _byId.Count;

    internal IEnumerable<Connection> All => _byId.Select(static entry => entry.Value);

    /// <summary>
    /// Pings one connection now: the browser with a WebSocket ping, the page with an application ping. A connection from
    /// which no byte comes within the ping timeout is ended.
    /// </summary>
    /// <param name="connectionId">The id that its <c>welcome</c> named.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>What was found; <see cref="ConnectionState.Ended"/> without a reason for an unknown id.</returns>
    public Task<ConnectionHealthReport> CheckConnectionHealthAsync(string connectionId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionId);
        return _byId.TryGetValue(connectionId, out var connection)
            ? connection.CheckHealthAsync(cancellationToken)
            : Task.FromResult(new ConnectionHealthReport(connectionId, ConnectionState.Ended, null, null, 0, 0, 0, 0));
    }

    /// <summary>The ids of a user's open connections.</summary>
    /// <param name="userId">The user.</param>
    public IReadOnlyList<string> ConnectionsOf(string userId)
        => _byUser.TryGetValue(userId, out var connections) ? [.. connections.Where(static c => !c.IsEnded).Select(static c => c.Id)] : [];

    internal IReadOnlyList<Connection> OfUser(string userId) => _byUser.TryGetValue(userId, out var connections) ? connections : [];

    internal override void TellUser(string userId, ErrorMessage message, long failures = 1)
    {
        if (_byUser.TryGetValue(userId, out var connections))
        {
            foreach (var connection in connections)
            {
                connection.Tell(message, failures);
            }
        }
    }

    internal void TellUser(string userId, byte[] message)
    {
        if (_byUser.TryGetValue(userId, out var connections))
        {
            foreach (var connection in connections)
            {
                connection.TryTell(message);
            }
        }
    }

    internal override void TellAll(ErrorMessage message)
    {
        foreach (var connection in All)
        {
            connection.Tell(message);
        }
    }

    /// <summary>Asks all connections to look for another server, each of them at another moment of a window (full jitter).</summary>
    internal void TellToReconnect(TimeSpan delay, TimeSpan window, string reason)
    {
        lock (_askGate)
        {
            _asked = new ReconnectRequest(delay, window, reason);
            foreach (var connection in All)
            {
                _asked.Tell(connection);
            }
        }
    }

    /// <summary>Asks one that was let in before the others were asked, and has opened since.</summary>
    internal void TellToReconnect(Connection late)
    {
        lock (_askGate)
        {
            _asked?.Tell(late);
        }
    }

    /// <summary>Takes that back.</summary>
    internal void TellToStay(string reason)
    {
        var message = ServerMessageWriter.Stay(reason);
        lock (_askGate)
        {
            _asked = null;
            foreach (var connection in All)
            {
                connection.TryTell(message);
            }
        }
    }

    /// <summary>Completes when no connection is open, now or later.</summary>
    internal Task WhenEmpty()
    {
        // An exchange, for its fence: the thread that removes the last connection looks here afterwards, and must not miss this waiter.
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var empty = Interlocked.CompareExchange(ref _empty, made, null) ?? made;
        if (_byId.IsEmpty)
        {
            empty.TrySetResult();
        }

        return empty.Task;
    }

    internal bool TryGet(string connectionId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Connection? connection)
        => _byId.TryGetValue(connectionId, out connection);

    internal void Add(Connection connection)
    {
        _byId[connection.Id] = connection;
        _byUser.AddOrUpdate(
            connection.UserKey, static (_, added) => [added], static (_, connections, added) => [.. connections, added], connection);
    }

    internal void Remove(Connection connection)
    {
        _byId.TryRemove(connection.Id, out _);
        if (_byId.IsEmpty)
        {
            Volatile.Read(ref _empty)?.TrySetResult();
        }

        while (_byUser.TryGetValue(connection.UserKey, out var connections))
        {
            var rest = connections.Where(c => c != connection).ToArray();
            if (rest.Length == 0
                ? _byUser.TryRemove(KeyValuePair.Create(connection.UserKey, connections))
                : _byUser.TryUpdate(connection.UserKey, rest, connections))
            {
                return;
            }
        }
    }

    /// <summary>That connections are to look for another server.</summary>
    /// <param name="Delay">Before what time nobody would take them.</param>
    /// <param name="Window">In which time after that they are to come.</param>
    /// <param name="Reason">Why.</param>
    private sealed record ReconnectRequest(TimeSpan Delay, TimeSpan Window, string Reason)
    {
        public void Tell(Connection connection)
        {
            var after = Delay + (Window * Random.Shared.NextDouble());
            connection.TryTell(ServerMessageWriter.Reconnect((long)after.TotalMilliseconds, Reason));
        }
    }
}
