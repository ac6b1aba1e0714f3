using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The second door: handshakes that reach HTTP, because they come later on a kept-alive connection, as an extended CONNECT over HTTP/2, or on a listener without the fast door. It uses
/// Kestrel's upgrade features and enters the same connection code.
/// </summary>
internal sealed class SecondDoor(ConnectionAcceptor acceptor, RegisteredAuthenticator registered, PipelineMetrics metrics)
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

        var remote = context.Connection.RemoteIpAddress is { } address ? new System.Net.IPEndPoint(address, context.Connection.RemotePort) : null;
        var request = new HandshakeRequest
        {
            Path = context.Request.Path.Value ?? string.Empty,
            Query = context.Request.Query,
            Headers = context.Request.Headers,
            RemoteEndPoint = remote,
            IsSecure = context.Request.IsHttps,
            IsExtendedConnect = connect is not null,
        };
        var admission = await acceptor.AdmitAsync(request, registered.Authenticator, context.RequestAborted);
        if (admission.Refusal is { } refusal)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        // An HTTP/2 stream is held to the rates and sizes of a request unless told otherwise; liveness is ours to judge.
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null;
        context.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinResponseDataRateFeature>()?.MinDataRate = null;

        var pipes = new LatePipes();
        var transport = new ConnectionTransport(pipes, remote, admission.Subprotocol, context.Abort);
        using var closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            .UnsafeRegister(static state => ((Admission)state!).OnServerClosing(), admission);
        await acceptor.ServeAsync(
            admission, transport, () => UpgradeAsync(context, connect, upgrade, admission, pipes), context.Features.Get<IConnectionSocketFeature>()?.Socket);
        await pipes.CompleteAsync();
    }

    private static async ValueTask<bool> UpgradeAsync(
        HttpContext context, IHttpExtendedConnectFeature? connect, IHttpUpgradeFeature? upgrade, Admission admission, LatePipes pipes)
    {
        var headers = context.Response.Headers;
        if (admission.Subprotocol is { } subprotocol)
        {
            headers.SecWebSocketProtocol = subprotocol;
        }

        if (connect is not null)
        {
            pipes.Open(await connect.AcceptAsync());
            return true;
        }

        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = HandshakeRules.AcceptOf(context.Request.Headers.SecWebSocketKey.ToString());
        pipes.Open(await upgrade!.UpgradeAsync());
        return true;
    }

    private async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        metrics.HandshakeRefused(refusal.Status);
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/problem+json";
        if (refusal.Status == 426)
        {
            context.Response.Headers.SecWebSocketVersion = "13";
        }

        if (refusal.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString();
        }

        await context.Response.Body.WriteAsync(HandshakeResponse.Problem(refusal));
    }
}
