using System.Diagnostics;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Names the span that ASP.NET Core makes of each request, which says nothing by itself: method, route and status, as the OpenTelemetry
/// conventions for HTTP have them. Costs a look while spans are not collected.
/// </summary>
internal static class RequestSpans
{
    public static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (Activity.Current is { IsAllDataRequested: true, Kind: ActivityKind.Server } span)
        {
            Describe(span, context);
        }
    }

    // The route's template and not the path: paths have ids in them.
    private static void Describe(Activity span, HttpContext context)
    {
        var (method, status) = (context.Request.Method, context.Response.StatusCode);
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method).SetTag("url.scheme", context.Request.Scheme).SetTag("http.response.status_code", status);
        if (route is not null)
        {
            span.SetTag("http.route", route);
        }

        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetTag("error.type", status.ToString(System.Globalization.CultureInfo.InvariantCulture)).SetStatus(
                ActivityStatusCode.Error);
        }
    }
}
