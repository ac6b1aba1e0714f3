using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A port at which nobody listens, and at which nobody else can while this is held: connections are refused.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public void Dispose() => _socket.Dispose();
}
