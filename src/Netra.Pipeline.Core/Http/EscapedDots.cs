using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>
/// Lets the users and threads <c>.</c> and <c>..</c> be looked up and erased: the server takes <c>%2E</c> for a dot and the dot for "here",
/// and so loses the segment before any route sees it. The segment is restored before routing, only for the routes that name one. Stateless.
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
            && NameSegment(
                segments) is { } name && name >= 0 && PercentEncoding.TryDecode(segments[name], out var decoded) && decoded is "." or ".."
            && !Array.Exists(segments[..name], static segment => segment.Contains('%') || segment is "." or ".."))
        {
            context.Request.Path = "/" + string.Join('/', segments);
        }
    }

    private static int? NameSegment(string[] segments) => segments switch
    {
        [.., "v1", "threads", _, "events"] => segments.Length - 2,
        [.., "v1", "users", _, "undelivered"] => segments.Length - 2,
        [.., "v1", "users", _] => segments.Length - 1,
        [.., "monitoring", "websocket", "users", _] => segments.Length - 1,
        _ => null,
    };
}
