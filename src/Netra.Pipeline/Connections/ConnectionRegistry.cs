using System.Collections.Concurrent;

namespace Netra.Pipeline.Connections;

/// <summary>The live connections, by user.</summary>
public sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<string, Action<ReadOnlyMemory<byte>>> _users = new(StringComparer.Ordinal);

    /// <summary>Sends a message without a number to every live connection of a user.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="message">One JSON object in UTF-8.</param>
    public void SendToUser(string userId, ReadOnlyMemory<byte> message)
    {
        if (_users.TryGetValue(userId, out var send))
        {
            send(message);
        }
    }
}
