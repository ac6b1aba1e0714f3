using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Ports for programs that cannot choose one themselves, or that are to come later.</summary>
internal static class FreePort
{
    /// <summary>A port at which nobody listens now; until somebody does, another may take it (<see cref="ClosedPort"/> keeps it).</summary>
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
