using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>What the routes under <c>/monitoring/websocket</c> have in common (docs/protocol.md, section 11).</summary>
internal static class MonitoringRoutes
{
    public const string Prefix = "/monitoring/websocket";

    /// <summary>How long a body may be that changes one thing.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>How long a whole configuration may be.</summary>
    public const int MaxConfigurationBytes = 4 * 1024 * 1024;

    /// <summary>A value of the route.</summary>
    public static string Value(HttpContext context, string name) => RouteSegment.Of(context, name);

    /// <summary>Reads where a page begins and how long it is, and answers the request when it cannot be.</summary>
    /// <returns>Null when the request is answered.</returns>
    public static async ValueTask<(long After, int Limit)?> PageAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.After(), query.Limit());
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return null;
        }

        return (after, limit);
    }
}
