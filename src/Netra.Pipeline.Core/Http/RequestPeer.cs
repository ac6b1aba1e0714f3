using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>Where a request comes from, as trusted proxies have said. Pure functions.</summary>
internal static class RequestPeer
{
    public static EndPoint? Of(HttpContext context) => context.Connection.RemoteIpAddress is { } address
        ? new IPEndPoint(address, context.Connection.RemotePort)

        // HTTP cannot express peers without an IP address, such as those of a Unix socket.
        : context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint;

    /// <summary>Whether a peer is this machine, by a loopback address or a Unix socket; one without an address is not.</summary>
    public static bool IsLoopback(EndPoint? peer) => peer is UnixDomainSocketEndPoint
        || (peer is IPEndPoint { Address: var address }
            && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));
}
