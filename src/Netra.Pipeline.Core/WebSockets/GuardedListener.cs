using System.Net;
using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Accepts connections as long as there are slots and file handles for them; the surplus is closed at once. One accept at a time.
/// </summary>
internal sealed class GuardedListener(IConnectionListener listener, ConnectionSlots slots, HandleWatch handles) : IConnectionListener
{
    private readonly ListenerDoor _door = new();

    public EndPoint EndPoint => listener.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await NextAsync(cancellationToken) is { } transport)
        {
            var connection = new AcceptedConnection(transport, slots);
            if (slots.TryEnter(connection, _door))
            {
                return connection;
            }

            // Awaited, so that refused connections hold no more than one handle at a time.
            transport.Abort(
                new ConnectionAbortedException("As many connections are open as may be (Netra:Connections:MaxConnections, ulimit -n)."));
            await transport.DisposeAsync();
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async ValueTask<ConnectionContext?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await handles.WhenFreeAsync(cancellationToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, handles.Exhausted);
            try
            {
                return await listener.AcceptAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // No handle is free: the kernel keeps new connections in its backlog.
            }
        }
    }
}
