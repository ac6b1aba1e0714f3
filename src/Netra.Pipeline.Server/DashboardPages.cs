namespace Netra.Pipeline.Server;

/// <summary>
/// The addresses of the dashboards (docs/protocol.md, section 11.4): without the ending that their files have. Whose address is no
/// dashboard's is passed on as it is. Stateless.
/// </summary>
internal static class DashboardPages
{
    private const string Index = "/dashboards";
    private const string Ending = ".html";

    public static Task FindAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path;
        if (path == Index + "/")
        {
            // One level deeper, what the page refers to would not be found.
            context.Response.Redirect($"{context.Request.PathBase}{Index}{context.Request.QueryString}");
            return Task.CompletedTask;
        }

        if (path == Index || (path.StartsWithSegments(Index, out var page) && !page.Value!.AsSpan(1).ContainsAny('/', '.')))
        {
            context.Request.Path = path.Value + Ending;
        }

        return next(context);
    }
}
