using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The request that asks for a connection, or belongs to one. The fast door makes it from the connection's bytes, the second door and the
/// event stream's routes from the HTTP request, so an authenticator sees one shape.
/// </summary>
public sealed class HandshakeRequest
{
    /// <summary>The request's path.</summary>
    public required string Path { get; init; }

    /// <summary>The query's parameters, decoded; an absent one is empty.</summary>
    public required IQueryCollection Query { get; init; }

    /// <summary>The header fields; names are compared without regard to case.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>The peer's address; null when the transport has no addresses.</summary>
    public EndPoint? RemoteEndPoint { get; init; }

    /// <summary>Whether the bytes came over TLS.</summary>
    public bool IsSecure { get; init; }

    /// <summary>Whether the peer is this machine, by a loopback address or a Unix socket.</summary>
    public bool IsLoopback => RequestPeer.IsLoopback(RemoteEndPoint);

    /// <summary>
    /// Whether it stands for a credential that a page sends on its open connection (<c>authenticate</c>): it has an <c>Authorization</c>
    /// header, and neither path nor query.
    /// </summary>
    public bool IsInBand { get; init; }

    /// <summary>
    /// Whom the host's own authentication has found; <see langword="null"/> where it has not run, as at the fast door, or has found nobody.
    /// </summary>
    public ClaimsPrincipal? User { get; init; }

    /// <summary>Whether it is an HTTP/2 extended CONNECT (RFC 8441), which has no key to be answered.</summary>
    internal bool IsExtendedConnect { get; init; }

    /// <summary>Path and query as they were sent.</summary>
    internal string Target { get; init; } = string.Empty;

    internal string? SingleQuery(string name)
        => Query.TryGetValue(name, out StringValues values) && values.Count == 1 ? values[0] : null;
}
