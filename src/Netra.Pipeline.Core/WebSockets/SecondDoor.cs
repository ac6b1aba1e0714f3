using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The second door: handshakes that reach HTTP, because they come later on a kept-alive connection, as an extended CONNECT over HTTP/2, or
/// on a listener without the fast door. It uses Kestrel's upgrade features and enters the same connection code.
/// </summary>
internal sealed class SecondDoor(ConnectionAcceptor acceptor, RegisteredAuthenticator registered)
{
    public async Task HandleAsync(HttpContext context)
    {
        var connect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } feature
            ? feature
            : null;
        if (connect is null && !HttpMethods.IsGet(context.Request.Method))
        {
            // RFC 6455, 4.1: a handshake is a GET.
            context.Response.Headers.Allow = HttpMethods.Get;
            await HttpHandshake.RefuseAsync(
                context,
                acceptor,
                new HandshakeRefusal(405, "method_not_allowed", "A WebSocket is asked for with GET; see docs/protocol.md."));
            return;
        }

        // HTTP/1.0 has no upgrades: the field is ignored (RFC 9110, 7.8).
        var upgrade = HttpProtocol.IsHttp11(context.Request.Protocol)
            && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgradable
            ? upgradable
            : null;
        if (connect is null && (upgrade is null || !HandshakeRules.AsksForWebSocket(context.Request.Headers)))
        {
            await HttpHandshake.RefuseAsync(
                context, acceptor, new HandshakeRefusal(426, "not_a_websocket", "This path takes WebSockets only; see docs/protocol.md."));
            return;
        }

        try
        {
            var request = HttpHandshake.RequestOf(context, isExtendedConnect: connect is not null);
            var admission = await acceptor.AdmitAsync(
                request, registered.Authenticator, HttpHandshake.ClosingOf(context), context.RequestAborted);
            await (admission.Refusal is { } refusal
                ? HttpHandshake.RefuseAsync(context, acceptor, refusal)
                : ServeAsync(context, connect, upgrade, admission));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException
            && context.RequestAborted.IsCancellationRequested)
        {
            // The peer disconnected in the middle of its handshake.
        }
    }

    private async Task ServeAsync(
        HttpContext context, IHttpExtendedConnectFeature? connect, IHttpUpgradeFeature? upgrade, Admission admission)
    {
        HttpHandshake.LiftLimits(context);
        var pipes = new LatePipes();
        var abort = new RequestAbort(context);
        var transport = new ConnectionTransport(pipes, RequestPeer.Of(context), admission.Subprotocol, abort.Abort);
        using var closing = HttpHandshake.ClosingOf(context).UnsafeRegister(
            static state => ((Admission)state!).OnServerClosing(),
            admission);
        try
        {
            await acceptor.ServeAsync(
                admission,
                transport,
                WebSocketConnection.Create,
                () => UpgradeAsync(context, connect, upgrade, admission, pipes),
                context.Features.Get<IConnectionSocketFeature>()?.Socket);
            await pipes.CompleteAsync();
        }
        finally
        {
            abort.Disarm();
        }
    }

    private async ValueTask<bool> UpgradeAsync(
        HttpContext context, IHttpExtendedConnectFeature? connect, IHttpUpgradeFeature? upgrade, Admission admission, LatePipes pipes)
    {
        var headers = context.Response.Headers;
        headers.SecWebSocketProtocol = admission.Subprotocol;
        headers.SecWebSocketExtensions = admission.Compression?.Answer;
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
            await HttpHandshake.RefuseAsync(
                context, acceptor, new HandshakeRefusal(503, "too_many_connections", exception.Message, RetryAfter: 1));
            return false;
        }
    }
}
