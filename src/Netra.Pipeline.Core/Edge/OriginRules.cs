using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Edge;

/// <summary>
/// Which pages may ask: the server's own, and those of <c>Netra:Http:AllowedOrigins</c>. Browsers say whose page it is; whoever is no
/// browser says nothing, and passes. Immutable.
/// </summary>
internal sealed class OriginRules(IOptions<HttpOptions> options)
{
    private const string FetchSite = "Sec-Fetch-Site";

    private readonly FrozenSet<Origin> _listed = options.Value.AllowedOrigins
        .Select(static text => Origin.TryParse(text, out var origin) ? origin : default)
        .ToFrozenSet();

    /// <summary>What is wrong with where a request comes from; null when nothing is.</summary>
    /// <param name="headers">Its header fields.</param>
    /// <param name="isSecure">Whether it came over TLS.</param>
    public HandshakeRefusal? Check(IHeaderDictionary headers, bool isSecure)
    {
        if (headers.Origin.Count == 0)
        {
            var site = headers[FetchSite];
            return site is [] or ["same-origin"] or ["none"]
                ? null
                : Refuse($"{FetchSite} is '{Shortened.Of(site.ToString())}': a page of another origin has made this request.");
        }

        var own = Authority.TryParse(headers.Host.ToString(), out var authority) ? Origin.Of(isSecure, authority) : default;
        if (headers.Origin is [{ } text] && Origin.TryParse(text, out var origin) && (origin == own || _listed.Contains(origin)))
        {
            return null;
        }

        return Refuse($"Origin is '{Shortened.Of(headers.Origin.ToString())}', which is not this server's own, "
            + (own == default ? "which is unknown." : $"{Shortened.Of(own.ToString())}."));
    }

    /// <summary>Whether the request is of a page of another origin that is on the list.</summary>
    public bool IsListed(IHeaderDictionary headers)
        => _listed.Count > 0 && headers.Origin is [{ } text] && Origin.TryParse(text, out var origin) && _listed.Contains(origin);

    private static HandshakeRefusal Refuse(string what) => new(
        StatusCodes.Status403Forbidden,
        "origin_not_allowed",
        $"{what} Pages of other origins are listed in Netra:Http:AllowedOrigins, proxies that change host or scheme in "
        + "Netra:Proxies:Trusted.");
}
