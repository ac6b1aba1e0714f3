using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Client;

/// <summary>
/// A relay that knows nothing of what it passes on, and is rude on demand: it cuts connections, with or without a reset; it passes nothing
/// on and
/// says nothing of it; it hands bytes on in small pieces. Where it leads to may change.
/// </summary>
internal sealed class RudeRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<RelayedConnection, Task> _connections = new();
    private readonly Task _accepting;

    /// <param name="target">Where it leads to.</param>
    /// <param name="pieceBytes">The largest piece that it passes on at a time.</param>
    public RudeRelay(int target, int pieceBytes = 16 * 1024)
    {
        (Target, PieceBytes) = (target, pieceBytes);
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where new connections lead to.</summary>
    public int Target { get; set; }

    public int PieceBytes { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>How many connections there are.</summary>
    public int Count => _connections.Count;

    /// <summary>How many connections there were.</summary>
    public int Total { get; private set; }

    /// <summary>Cuts connections.</summary>
    /// <param name="which">Which; by default all.</param>
    /// <returns>How many.</returns>
    public int Cut(Func<RelayedConnection, bool>? which = null) => ForEach(which, static connection => connection.Cut());

    /// <summary>Passes nothing on any more, on the connections that there are, and says nothing of it.</summary>
    public int Stall(Func<RelayedConnection, bool>? which = null) => ForEach(which, static connection => connection.Stall());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Cut();
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    private int ForEach(Func<RelayedConnection, bool>? which, Action<RelayedConnection> action)
    {
        RelayedConnection[] chosen = [.. _connections.Keys.Where(connection => which?.Invoke(connection) ?? true)];
        Array.ForEach(chosen, action);
        return chosen.Length;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                var connection = new RelayedConnection(client, PieceBytes);
                Total++;
                _connections[connection] = PassAsync(connection);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // It is over.
        }
    }

    private async Task PassAsync(RelayedConnection connection)
    {
        await Task.Yield();
        await connection.RunAsync(Target, _stop.Token);
        _connections.TryRemove(connection, out _);
        connection.Dispose();
    }
}

/// <summary>One connection through the relay.</summary>
internal sealed class RelayedConnection(Socket client, int pieceBytes) : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _over = new();
    private volatile bool _isStalled;

    public async Task RunAsync(int port, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, stop);
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(IPAddress.Loopback, port, over.Token);
            var up = PassAsync(client, _server, over.Token);
            var down = PassAsync(_server, client, over.Token);
            await Task.WhenAny(up, down);
            await over.CancelAsync();
            await Task.WhenAll(up, down);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // An end has closed it, or the relay has cut it.
        }
    }

    /// <summary>Ends both sides by a reset.</summary>
    public void Cut()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }

    public void Stall() => _isStalled = true;

    public void Dispose()
    {
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        _server.LingerState = new LingerOption(enable: true, seconds: 0);
        _server.Dispose();
        _over.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var buffer = new byte[pieceBytes];
        while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (_isStalled)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            await to.SendAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
