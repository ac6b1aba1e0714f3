using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Lets the users <c>.</c> and <c>..</c> be looked up: the server takes <c>%2E</c> for a dot and the dot for "here", and so loses the
/// segment before any route sees it. The segment is restored before routing, only for the routes that name a user. Stateless.
/// </summary>
internal sealed class EscapedDots : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, following) =>
        {
            PutBack(context);
            return following(context);
        });
        next(app);
    };

    private static void PutBack(HttpContext context)
    {
        if (RawTarget.Of(context).Contains("%2e", StringComparison.OrdinalIgnoreCase)
            && RawTarget.SegmentsOf(context) is var segments
            && UserSegment(
                segments) is { } user && user >= 0 && PercentEncoding.TryDecode(segments[user], out var decoded) && decoded is "." or ".."
            && !Array.Exists(segments[..user], static segment => segment.Contains('%') || segment is "." or ".."))
        {
            context.Request.Path = "/" + string.Join('/', segments);
        }
    }

    private static int? UserSegment(string[] segments) => segments switch
    {
        [.., "v1", "users", _, "undelivered"] => segments.Length - 2,
        [.., "monitoring", "websocket", "users", _] => segments.Length - 1,
        _ => null,
    };
}
