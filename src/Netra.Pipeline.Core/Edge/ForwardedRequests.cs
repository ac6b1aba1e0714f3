using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Edge;

/// <summary>
/// Puts into a request what trusted proxies say of it: the client's address, its scheme and the host that it asked. Both doors use it, so
/// that both believe the same. In Development nothing is believed, since such requests are refused there. Safe from any thread.
/// </summary>
internal sealed class ForwardedRequests(
    TrustedProxies trusted, IOptions<ProxyOptions> options, IHostEnvironment environment, ILoggerFactory loggers)
{
    private const string Forwarded = "Forwarded";

    private readonly bool _isStandard = options.Value.Headers == ProxyHeaders.Forwarded;
    private readonly ForwardedHeadersMiddleware _middleware = new(
        static _ => Task.CompletedTask, loggers, Options.Create(OptionsOf(trusted)));

    /// <summary>Whether anybody is believed.</summary>
    public bool IsOn { get; } = trusted.Any && !environment.IsDevelopment();

    /// <summary>Whether a request says of itself that it came through a proxy.</summary>
    public static bool IsForwarded(IHeaderDictionary headers)
    {
        foreach (var (name, _) in headers)
        {
            if (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
                || name.Equals(Forwarded, StringComparison.OrdinalIgnoreCase)
                || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Via", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Corrects a request.</summary>
    public void Apply(HttpContext context)
    {
        if (!IsOn || !trusted.Contains(context.Connection.RemoteIpAddress))
        {
            return;
        }

        if (_isStandard)
        {
            ApplyStandard(context);
        }
        else
        {
            _middleware.ApplyForwarders(context);
        }
    }

    /// <summary>Corrects a request that HTTP does not see: its host in the header fields, the rest in what is returned.</summary>
    /// <param name="headers">The header fields.</param>
    /// <param name="remote">The peer.</param>
    /// <param name="isSecure">Whether it came over TLS.</param>
    public (EndPoint? Remote, bool IsSecure) Apply(IHeaderDictionary headers, EndPoint? remote, bool isSecure)
    {
        var ip = remote as IPEndPoint;
        if (!IsOn || !trusted.Contains(ip?.Address))
        {
            return (remote, isSecure);
        }

        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().Headers = headers;
        context.Request.Scheme = isSecure ? "https" : "http";
        (context.Connection.RemoteIpAddress, context.Connection.RemotePort) = (ip?.Address, ip?.Port ?? 0);
        Apply(context);
        return (context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : remote,
            context.Request.IsHttps);
    }

    // From the last proxy to the first, for as long as the one who speaks is trusted.
    private void ApplyStandard(HttpContext context)
    {
        var elements = string.Join(',', context.Request.Headers[Forwarded].AsEnumerable()).Split(',');
        for (var i = elements.Length - 1;
            i >= 0 && trusted.Contains(context.Connection.RemoteIpAddress) && ForwardedElement.TryParse(elements[i]) is { } element;
            i--)
        {
            (context.Connection.RemoteIpAddress, context.Connection.RemotePort) = (element.For.Address, element.For.Port);
            context.Request.Scheme = element.Proto ?? context.Request.Scheme;
            context.Request.Host = element.Host is { } host ? new HostString(host) : context.Request.Host;
        }
    }

    private static ForwardedHeadersOptions OptionsOf(TrustedProxies trusted)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,

            // As far as the list reaches. With Unix sockets alone there is nothing to compare further entries with.
            ForwardLimit = trusted.Addresses.Count + trusted.Networks.Count > 0 ? null : 1,
        };

        // Loopback is there from the start.
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        trusted.Addresses.ForEach(options.KnownProxies.Add);
        trusted.Networks.ForEach(options.KnownIPNetworks.Add);
        return options;
    }
}
