using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.WebSockets;

/// <summary>What the doors that are reached over HTTP share: the second door and the event stream.</summary>
internal static class HttpHandshake
{
    public static HandshakeRequest RequestOf(HttpContext context, bool isExtendedConnect = false) => new()
    {
        Path = context.Request.Path.Value ?? string.Empty,
        Target = RawTarget.Of(context),
        Query = context.Request.Query,
        Headers = context.Request.Headers,
        RemoteEndPoint = RequestPeer.Of(context),
        IsSecure = context.Request.IsHttps,
        User = context.User is { Identity.IsAuthenticated: true } user ? user : null,
        IsExtendedConnect = isExtendedConnect,
    };

    /// <summary>Fires when the server stops, long before it cuts anything.</summary>
    public static CancellationToken ClosingOf(HttpContext context)
        => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;

    /// <summary>Lifts the rates and sizes that HTTP demands of a request; the pipeline checks liveness itself.</summary>
    public static void LiftLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
    }

    /// <summary>Refuses a handshake, and counts that.</summary>
    public static async Task RefuseAsync(HttpContext context, ConnectionAcceptor acceptor, HandshakeRefusal refusal)
    {
        acceptor.OnRefused(refusal, RequestPeer.Of(context));
        var body = HandshakeResponse.Problem(refusal);
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/problem+json";
        context.Response.ContentLength = body.Length;
        if (refusal.Status == 426)
        {
            context.Response.Headers.SecWebSocketVersion = "13";
        }

        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // Over HTTP/2 there are no such fields, and other streams live on.
            context.Response.Headers.Connection = "close";
            context.Response.Headers.Upgrade = refusal.Status == 426 ? "websocket" : default;
        }

        if (refusal.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString();
        }

        await context.Response.Body.WriteAsync(body);
    }
}
