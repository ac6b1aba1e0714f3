using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Edge;

/// <summary>
/// What every request is asked before anybody asks who it is of: which host does it name, which page has made it, has it come through a
/// proxy. Both doors ask the same. Safe from any thread.
/// </summary>
internal sealed class RequestChecks(
    ForwardedRequests forwarded, HostRules hosts, OriginRules origins, EdgeMetrics metrics, IHostEnvironment environment)
{
    private readonly bool _isDevelopment = environment.IsDevelopment();

    /// <summary>What is to be applied to a request before it is checked.</summary>
    public ForwardedRequests Forwarded { get; } = forwarded;

    /// <summary>Checks a request whose forwarded fields have been applied.</summary>
    /// <param name="headers">Its header fields.</param>
    /// <param name="isSecure">Whether it came over TLS.</param>
    /// <param name="asksForOrigin">Whether it matters which page has made it.</param>
    /// <returns>Why it is refused, which is counted; null when it is not.</returns>
    public HandshakeRefusal? Check(IHeaderDictionary headers, bool isSecure, bool asksForOrigin)
    {
        var refusal = CheckProxy(headers)
            ?? hosts.Check(headers.Host)
            ?? (asksForOrigin ? origins.Check(headers, isSecure) : null);
        if (refusal is not null)
        {
            metrics.Refused(refusal.Code);
        }

        return refusal;
    }

    // A proxy on this machine would make everybody who comes through it look local.
    private HandshakeRefusal? CheckProxy(IHeaderDictionary headers) => _isDevelopment && ForwardedRequests.IsForwarded(headers)
        ? new HandshakeRefusal(
            StatusCodes.Status403Forbidden,
            "proxy_not_allowed",
            "Development mode takes connections from this machine only, and this request has come through a proxy (Forwarded, "
            + "X-Forwarded-*, X-Real-IP or Via). Behind proxies set ASPNETCORE_ENVIRONMENT to something else, and Netra:Proxies:Trusted.")
        : null;
}
