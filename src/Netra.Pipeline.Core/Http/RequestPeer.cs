using System.Net;
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
}
