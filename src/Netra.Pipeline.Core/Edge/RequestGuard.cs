using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Edge;

/// <summary>
/// Asks HTTP requests what <see cref="RequestChecks"/> asks, answers those that are refused, and tells browsers which pages may read the
/// answers of the others (CORS). Safe from any thread.
/// </summary>
internal sealed class RequestGuard(RequestChecks checks, OriginRules origins, ConnectionAcceptor acceptor, SecurityAudit audit)
{
    private const string Methods = "GET, POST";
    private const string Fields = "Authorization, Content-Type, Last-Event-ID";
    private const string Readable = "Retry-After, WWW-Authenticate";
    private const string PreflightSeconds = "600";

    /// <summary>Checks a request, and answers it where it is refused, or asks what pages may do.</summary>
    /// <param name="context">The request.</param>
    /// <param name="rules">Its route's rules; null for those of any route.</param>
    /// <returns>Whether it is to be served.</returns>
    public async ValueTask<bool> AdmitAsync(HttpContext context, RouteRules? rules = null)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        if (checks.Check(request.Headers, request.IsHttps, rules is { AsksForOrigin: true } || IsUnsafe(request.Method)) is { } refusal)
        {
            await RefuseAsync(context, refusal, rules is { IsHandshake: true });
            return false;
        }

        headers.XContentTypeOptions = "nosniff";
        if (rules is not { IsForPages: true })
        {
            return true;
        }

        headers.Append("Vary", "Origin");
        if (origins.IsListed(request.Headers))
        {
            headers.AccessControlAllowOrigin = request.Headers.Origin;
            headers.AccessControlExposeHeaders = Readable;
        }

        if (!HttpMethods.IsOptions(request.Method))
        {
            return true;
        }

        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = Fields;
        headers.AccessControlMaxAge = PreflightSeconds;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return false;
    }

    private static bool IsUnsafe(string method)
        => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    private async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal, bool isHandshake)
    {
        var remote = RequestPeer.Of(context);
        if (isHandshake)
        {
            acceptor.OnRefused(refusal, remote);
        }
        else
        {
            audit.StrangerRefused(remote, context.Request.Method, context.Request.Path.Value, refusal);
        }

        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // Whatever follows on this connection is no better.
            context.Response.Headers.Connection = "close";
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        await ProblemDocument.WriteAsync(context, refusal.Status, refusal.Code, refusal.Message);
    }
}
