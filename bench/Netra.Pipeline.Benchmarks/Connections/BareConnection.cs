using System.Net;
using System.Net.Sockets;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>A TCP connection over loopback, with the options of a page's, to a peer that reads everything.</summary>
internal sealed class BareConnection : IDisposable
{
    private readonly Socket _server;
    private readonly SocketDrain _peer;

    private BareConnection(Socket server, Socket peer) => (_server, _peer) = (server, new SocketDrain(peer));

    public static async Task<BareConnection> OpenAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        var server = await listener.AcceptAsync();
        (server.NoDelay, server.SendBufferSize) = (true, new ConnectionOptions().SendBufferBytes);
        return new BareConnection(server, peer);
    }

    /// <summary>Sends the same bytes so many times, one blocking call each, and waits until the peer has them.</summary>
    public void Send(ReadOnlySpan<byte> bytes, int times)
    {
        _peer.Expect((long)bytes.Length * times);
        for (var i = 0; i < times; i++)
        {
            _server.Send(bytes);
        }

        _peer.Wait();
    }

    public void Dispose()
    {
        _server.Dispose();
        _peer.Dispose();
    }
}
