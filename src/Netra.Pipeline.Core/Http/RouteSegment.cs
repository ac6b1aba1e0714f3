using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Netra.Pipeline.Http;

/// <summary>
/// The parameters of a route, decoded exactly once (RFC 3986, section 2.4). The server decodes all but an escaped slash, so its own value
/// does not show whether <c>%2F</c> was sent as <c>%2F</c>, a slash, or as <c>%252F</c>, which is a percent sign and two characters: the
/// segment is taken from the raw target. Pure functions.
/// </summary>
internal static class RouteSegment
{
    /// <summary>The user that a route names.</summary>
    public static string UserOf(HttpContext context) => Of(context, "user_id");

    /// <summary>A parameter's value.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The parameter.</param>
    public static string Of(HttpContext context, string name)
    {
        var value = (string)context.Request.RouteValues[name]!;
        return Raw(context, name) is { } raw && PercentEncoding.TryDecode(raw, out var decoded) && IsOf(value, raw, decoded)
            ? decoded
            : value;
    }

    private static string? Raw(HttpContext context, string name)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return null;
        }

        // From the end: a prefix that the host adds to its routes is not in the pattern.
        var pattern = endpoint.RoutePattern.PathSegments;
        var segments = RawTarget.SegmentsOf(context);
        for (var fromEnd = 1; fromEnd <= Math.Min(pattern.Count, segments.Length); fromEnd++)
        {
            if (pattern[^fromEnd].Parts is [RoutePatternParameterPart parameter] && parameter.Name == name)
            {
                return segments[^fromEnd];
            }
        }

        return null;
    }

    // Middleware that rewrites paths may have moved it: then only the server's value is available.
    private static bool IsOf(string value, string raw, string decoded)
        => value == raw || value == decoded || value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) == decoded.Replace(
            "%2F", "/", StringComparison.OrdinalIgnoreCase);
}
