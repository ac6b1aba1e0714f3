using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>
/// A proxy that stands before a server that is right, understands what it passes on, and breaks one thing. To its clients, both are one
/// server.
/// </summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;

    /// <param name="port">Where the server listens.</param>
    /// <param name="fault">What is broken.</param>
    public FaultyProxy(int port, ProxyFault fault)
    {
        _listener.Start();
        _accepting = AcceptAsync(port, fault);
    }

    /// <summary>Where clients connect to.</summary>
    public string Url => $"http://{_listener.LocalEndpoint}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync(int port, ProxyFault fault)
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                client.NoDelay = true;
                _connections.Add(new ProxiedConnection(client, port, fault, _stop.Token).RunAsync());
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // It is over.
        }
    }
}
