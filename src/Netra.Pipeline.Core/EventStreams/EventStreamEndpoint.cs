using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.EventStreams;

/// <summary>
/// <c>GET /v1/stream</c> (docs/protocol.md, section 9.3): a connection over server-sent events, for pages that cannot reach the server by
/// WebSocket. It is admitted as a WebSocket is, and served by the same connection code.
/// </summary>
internal sealed class EventStreamEndpoint(ConnectionAcceptor acceptor, RegisteredAuthenticator registered)
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet(
        "/v1/stream", static context => context.RequestServices.GetRequiredService<EventStreamEndpoint>().HandleAsync(context));

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            var admission = await AdmitAsync(context);
            await (admission.Refusal is { } refusal
                ? HttpHandshake.RefuseAsync(context, acceptor, refusal)
                : ServeAsync(context, admission));
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // The peer disconnected before it was answered.
        }
    }

    private ValueTask<Admission> AdmitAsync(HttpContext context)
        => context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            ? ValueTask.FromResult(Admission.Refuse(new HandshakeRefusal(400, "bad_request", "A request for an event stream has no body.")))
            : acceptor.AdmitStreamAsync(
                HttpHandshake.RequestOf(context), registered.Authenticator, HttpHandshake.ClosingOf(context), context.RequestAborted);

    private async Task ServeAsync(HttpContext context, Admission admission)
    {
        HttpHandshake.LiftLimits(context);
        var abort = new RequestAbort(context);
        var transport = new EventStreamTransport(context.Response.BodyWriter, abort.Abort, context.RequestAborted);
        using var closing = HttpHandshake.ClosingOf(context)
            .UnsafeRegister(static state => ((Admission)state!).OnServerClosing(), admission);
        try
        {
            await acceptor.ServeAsync(
                admission,
                transport,
                static (services, transport, admission)
                    => new EventStreamConnection(services, transport, admission.UserKey!, admission.Stream!, admission.Joins),
                () => AnswerAsync(context),
                context.Features.Get<IConnectionSocketFeature>()?.Socket);
        }
        finally
        {
            abort.Disarm();
        }
    }

    private static async ValueTask<bool> AnswerAsync(HttpContext context)
    {
        await ServerSentEvents.BeginAsync(context);
        return true;
    }
}
