using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The second door: handshakes that reach HTTP, because they come later on a kept-alive connection, as an extended CONNECT over HTTP/2, or on a listener without the fast door. It uses
/// Kestrel's upgrade features and enters the same connection code.
/// </summary>
internal sealed class SecondDoor(ConnectionAcceptor acceptor, RegisteredAuthenticator registered)
{
    public async Task HandleAsync(HttpContext context)
    {
        var connect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } feature ? feature : null;
        var upgrade = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgradable ? upgradable : null;
        if (connect is null && (upgrade is null || !HandshakeRules.AsksForWebSocket(context.Request.Headers)))
        {
            await RefuseAsync(context, new HandshakeRefusal(426, "not_a_websocket", "This path takes WebSockets only; see docs/protocol.md."));
            return;
        }

        try
        {
            var admission = await AdmitAsync(context, connect is not null);
            await (admission.Refusal is { } refusal ? RefuseAsync(context, refusal) : ServeAsync(context, connect, upgrade, admission));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // The peer went away in the middle of its handshake: nobody is left to answer.
        }
    }

    private static EndPoint? RemoteOf(HttpContext context) => context.Connection.RemoteIpAddress is { } address
        ? new IPEndPoint(address, context.Connection.RemotePort)

        // HTTP has no word for peers without an IP address, such as those of a Unix socket.
        : context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint;

    private static CancellationToken ClosingOf(HttpContext context)
        => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;

    private ValueTask<Admission> AdmitAsync(HttpContext context, bool isExtendedConnect)
    {
        var request = new HandshakeRequest
        {
            Path = context.Request.Path.Value ?? string.Empty,
            Query = context.Request.Query,
            Headers = context.Request.Headers,
            RemoteEndPoint = RemoteOf(context),
            IsSecure = context.Request.IsHttps,
            IsExtendedConnect = isExtendedConnect,
        };
        return acceptor.AdmitAsync(request, registered.Authenticator, ClosingOf(context), context.RequestAborted);
    }

    private async Task ServeAsync(HttpContext context, IHttpExtendedConnectFeature? connect, IHttpUpgradeFeature? upgrade, Admission admission)
    {
        LiftLimits(context);
        var pipes = new LatePipes();
        var abort = new RequestAbort(context);
        var transport = new ConnectionTransport(pipes, RemoteOf(context), admission.Subprotocol, abort.Abort);
        using var closing = ClosingOf(context).UnsafeRegister(static state => ((Admission)state!).OnServerClosing(), admission);
        try
        {
            await acceptor.ServeAsync(
                admission, transport, () => UpgradeAsync(context, connect, upgrade, admission, pipes), context.Features.Get<IConnectionSocketFeature>()?.Socket);
            await pipes.CompleteAsync();
        }
        finally
        {
            abort.Disarm();
        }
    }

    // An upgraded request is held to the rates and sizes of a request unless told otherwise; liveness is ours to judge.
    private static void LiftLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
    }

    private async ValueTask<bool> UpgradeAsync(
        HttpContext context, IHttpExtendedConnectFeature? connect, IHttpUpgradeFeature? upgrade, Admission admission, LatePipes pipes)
    {
        var headers = context.Response.Headers;
        headers.SecWebSocketProtocol = admission.Subprotocol;
        if (connect is not null)
        {
            pipes.Open(await connect.AcceptAsync());
            return true;
        }

        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = HandshakeRules.AcceptOf(admission.Key!);
        try
        {
            pipes.Open(await upgrade!.UpgradeAsync());
            return true;
        }
        catch (InvalidOperationException exception) when (!context.Response.HasStarted)
        {
            // Kestrel's own limit, MaxConcurrentUpgradedConnections.
            headers.Clear();
            await RefuseAsync(context, new HandshakeRefusal(503, "too_many_connections", exception.Message, RetryAfter: 1));
            return false;
        }
    }

    private async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        acceptor.OnRefused(refusal, RemoteOf(context));
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
