using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Netra.Pipeline.Http;

/// <summary>The target of a request as it was sent, before anything was decoded. Pure functions.</summary>
internal static class RawTarget
{
    /// <summary>The whole target; encoded again by the host where it keeps no raw one.</summary>
    public static string Of(HttpContext context) => context.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target
        ? target
        : context.Request.Path.ToUriComponent() + context.Request.QueryString.Value;

    /// <summary>The segments of its path.</summary>
    public static string[] SegmentsOf(HttpContext context)
    {
        var target = Of(context);
        var path = target.AsSpan(0, target.IndexOf('?') is var query and >= 0 ? query : target.Length);
        if (path.IndexOf("://") is var scheme and > 0)
        {
            // A request to a proxy names scheme and host.
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is var slash and >= 0 ? path[slash..] : "/";
        }

        return path.Trim('/').ToString().Split('/');
    }
}
