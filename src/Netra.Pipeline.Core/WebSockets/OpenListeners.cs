using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The host's listeners, which are closed ahead of the server's own stop when another process listens in their place. Safe from any thread.
/// </summary>
internal sealed class OpenListeners
{
    private readonly ConcurrentBag<IConnectionListener> _listeners = [];

    public void Add(IConnectionListener listener) => _listeners.Add(listener);

    /// <summary>Accepts nothing any more. What is open goes on.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in _listeners)
        {
            await listener.UnbindAsync(cancellationToken);
        }
    }
}
