namespace Netra.Pipeline.Server;

/// <summary>
/// What browsers are told about this server's pages and answers: what they may load, and that nobody frames them. Stateless.
/// </summary>
internal static class PageHeaders
{
    // A tool's result may be a picture at any address (docs/protocol.md, section 3.1). 'self' includes the page's own WebSocket.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static Task SetAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        return next(context);
    }
}
