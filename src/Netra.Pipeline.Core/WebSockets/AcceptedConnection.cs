using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// A connection that has a slot until it is closed. It is the transport's connection, with two differences: a peer that ends its own side
/// has a moment to be answered before it counts as gone, and the wait for the last written bytes is bounded.
/// </summary>
/// <remarks>
/// As thread-safe as the transport's connection: its owner uses it, and any thread may abort it. Its times are the socket's, so they use
/// the system's clock and not the host's.
/// </remarks>
internal sealed class AcceptedConnection(ConnectionContext transport, ConnectionSlots slots) : ConnectionContext
{
    /// <summary>How long a peer that has ended its side may wait for an answer.</summary>
    private static readonly TimeSpan HalfClosePatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a peer may take to receive the last bytes, over a slow network too.</summary>
    private static readonly TimeSpan LastBytesPatience = TimeSpan.FromMinutes(1);

    private CancellationTokenSource? _closed;

    public override string ConnectionId { get => transport.ConnectionId; set => transport.ConnectionId = value; }

    public override IFeatureCollection Features => transport.Features;

    public override IDictionary<object, object?> Items { get => transport.Items; set => transport.Items = value; }

    public override IDuplexPipe Transport { get => transport.Transport; set => transport.Transport = value; }

    public override EndPoint? LocalEndPoint { get => transport.LocalEndPoint; set => transport.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => transport.RemoteEndPoint; set => transport.RemoteEndPoint = value; }

    /// <summary>
    /// Fires when the peer is gone. HTTP then ends a request, answered or not; so a peer that has ended only its own side, as <c>nc -N</c>
    /// does, is given time.
    /// </summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            if (Volatile.Read(ref _closed) is { } closed)
            {
                return closed.Token;
            }

            var made = new CancellationTokenSource();
            if (Interlocked.CompareExchange(ref _closed, made, null) is { } other)
            {
                return other.Token;
            }

            transport.ConnectionClosed.UnsafeRegister(static connection => ((AcceptedConnection)connection!).OnTransportClosed(), this);
            return made.Token;
        }
        set => transport.ConnectionClosed = value;
    }

    /// <summary>
    /// Fires when the transport's input has ended, in whatever way. <see cref="ConnectionClosed"/>, which tells the ways apart, lives as
    /// long as the connection, and is made only where it is needed.
    /// </summary>
    public CancellationToken InputEnded => transport.ConnectionClosed;

    public override void Abort(ConnectionAbortedException abortReason) => transport.Abort(abortReason);

    public override void Abort() => transport.Abort();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            var closing = transport.DisposeAsync();
            if (closing.IsCompleted)
            {
                await closing;
            }
            else
            {
                await CloseAsync(closing.AsTask());
            }
        }
        finally
        {
            slots.Leave(this);
            _closed?.Cancel();
            await base.DisposeAsync();
        }
    }

    private async Task CloseAsync(Task closing)
    {
        try
        {
            await closing.WaitAsync(LastBytesPatience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            transport.Abort(new ConnectionAbortedException("The peer does not read what was written last."));
            await closing;
        }
    }

    private void OnTransportClosed()
    {
        if (HasPeerEndedItsSide())
        {
            _closed!.CancelAfter(HalfClosePatience);
        }
        else
        {
            _closed!.Cancel();
        }
    }

    private bool HasPeerEndedItsSide()
        => transport.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && TcpInfo.IsHalfClosed(socket);
}
