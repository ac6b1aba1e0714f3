using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Server.Telemetry;

namespace Netra.Pipeline.Server.Listening;

/// <summary>
/// Binds the server's TCP sockets. A server that takes a data folder over from another process listens before that one has closed its own
/// sockets, on the same port too; the kernel holds what connects until the server serves. Only such servers share their ports.
/// </summary>
internal sealed partial class ListeningSockets(
    IConfiguration configuration, IOptions<HostingOptions> options, ILogger<ListeningSockets> logger) : IDisposable
{
    /// <summary>How many connections the kernel holds for the server; its own limit (<c>net.core.somaxconn</c>) may be lower.</summary>
    public const int Backlog = 4096;

    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    private readonly Dictionary<EndPoint, Socket> _early = [];

    private bool IsShared => OperatingSystem.IsLinux() && options.Value.WaitForFolder > TimeSpan.Zero;

    /// <summary>Listens now, ahead of the server's start.</summary>
    public void ListenEarly()
    {
        if (!IsShared)
        {
            return;
        }

        foreach (var endpoint in ServerEndpoints.TcpOf(configuration).Where(static endpoint => endpoint.Port != 0))
        {
            try
            {
                var socket = BindShared(endpoint);
                socket.Listen(Backlog);
                _early.Add(endpoint, socket);
            }
            catch (SocketException exception)
            {
                // The server binds it when it starts, or says then that it cannot.
                Log.NotEarly(logger, endpoint, exception.Message);
            }
        }
    }

    /// <summary>The bound socket of an end point, for Kestrel.</summary>
    public Socket Take(EndPoint endpoint)
    {
        if (_early.Remove(endpoint, out var early))
        {
            return early;
        }

        if (endpoint is not IPEndPoint tcp || !IsShared)
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }

        if (tcp.Port != 0)
        {
            // Nobody else may have the port: a server of another folder would be given half of this one's connections.
            SocketTransportOptions.CreateDefaultBoundListenSocket(tcp).Dispose();
        }

        return BindShared(tcp);
    }

    public void Dispose()
    {
        foreach (var socket in _early.Values)
        {
            socket.Dispose();
        }
    }

    private static Socket BindShared(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
            socket.Bind(endpoint);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            ServerEventIds.NotListeningEarly,
            LogLevel.Warning,
            "{EndPoint} cannot be listened on before the other process has gone: {Problem}. Whoever connects meanwhile is refused",
            EventName = nameof(ServerEventIds.NotListeningEarly))]
        public static partial void NotEarly(ILogger logger, IPEndPoint endPoint, string problem);
    }
}
