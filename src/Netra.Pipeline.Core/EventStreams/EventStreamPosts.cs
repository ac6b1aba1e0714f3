using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.EventStreams;

/// <summary>
/// Messages from the page of an event stream (docs/protocol.md, section 9.3): <c>POST /v1/stream/{connection_id}/ack</c> and
/// <c>…/messages</c>. Each is authenticated like the stream, and handled like a frame of a WebSocket; its answer comes on the stream. Safe
/// to use from any thread.
/// </summary>
internal sealed class EventStreamPosts(
    ConnectionAcceptor acceptor,
    AccessGuard guard,
    RegisteredAuthenticator registered,
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    IOptions<PeerLimitOptions> limits,
    LimitMetrics metrics)
{
    private const string ConnectionId = "connection_id";
    private const string PostKey = "post_key";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost($"/v1/stream/{{{ConnectionId}}}/ack", static context => Of(context).HandleAsync(context, isAck: true));
        endpoints.MapPost($"/v1/stream/{{{ConnectionId}}}/messages", static context => Of(context).HandleAsync(context, isAck: false));
    }

    private static EventStreamPosts Of(HttpContext context) => context.RequestServices.GetRequiredService<EventStreamPosts>();

    private async Task HandleAsync(HttpContext context, bool isAck)
    {
        try
        {
            if (await FindAsync(context) is { } connection)
            {
                await HandleAsync(context, connection, isAck);
            }
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            await ProblemDocument.WriteAsync(context, exception.StatusCode, "bad_request", exception.Message);
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // The page disconnected in the middle of its request.
        }
    }

    // Answers the request when there is no such connection, or it is another user's: callers cannot tell the two apart.
    private async ValueTask<EventStreamConnection?> FindAsync(HttpContext context)
    {
        if (context.Request.Query.TryGetValue(PostKey, out var keys))
        {
            var keyed = Find(context);
            if (keyed is not null && IsKeyOf(keyed, keys))
            {
                return keyed;
            }

            await ProblemDocument.NotFound("There is no open event stream with that connection id and post_key.").ExecuteAsync(context);
            return null;
        }

        var identity = await acceptor.IdentifyAsync(
            HttpHandshake.RequestOf(context), registered.Authenticator, HttpHandshake.ClosingOf(context), context.RequestAborted);
        if (identity.Refusal is { } refusal)
        {
            await guard.RefuseAsync(context, refusal);
            return null;
        }

        if (Find(context) is { } connection && connection.UserKey == identity.UserKey)
        {
            return connection;
        }

        await ProblemDocument.NotFound("There is no open event stream of this user with that connection id.").ExecuteAsync(context);
        return null;
    }

    private EventStreamConnection? Find(HttpContext context)
        => context.GetRouteValue(ConnectionId) is string id
            && connections.TryGet(id, out var found)
            && found is EventStreamConnection { IsEnded: false } connection ? connection : null;

    private static bool IsKeyOf(EventStreamConnection connection, StringValues keys)
        => keys is [{ } key]
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(connection.PostKey));

    private async ValueTask HandleAsync(HttpContext context, EventStreamConnection connection, bool isAck)
    {
        if (!connection.MayPost())
        {
            metrics.Refused(Limit.Inbound);
            await ProblemDocument.WriteAsync(
                context,
                StatusCodes.Status429TooManyRequests,
                FailureCodes.WireName(FailureCode.RateLimited),
                $"The connection has more posts than {limits.Value.InboundMessagesPerSecond / InboundBudget.WorkUnits} or more bytes than "
                + $"{limits.Value.InboundBytesPerSecond} a second, or all connections have too many "
                + "(Netra:Limits:InboundMessagesPerSecond, InboundBytesPerSecond, TotalInboundMessagesPerSecond).");
            return;
        }

        if (JsonBody.MediaTypeOf(context.Request) != JsonBody.MediaType)
        {
            await ProblemDocument.NotJson().ExecuteAsync(context);
            return;
        }

        if (await JsonBody.ReadAsync(context.Request, options.Value.MaxMessageBytes, context.RequestAborted) is not { } message)
        {
            connection.End(ConnectionEndReason.MessageTooBig);
            await ProblemDocument.WriteAsync(
                context,
                StatusCodes.Status413PayloadTooLarge,
                ConnectionEndReasons.Describe(ConnectionEndReason.MessageTooBig).WireName,
                $"The message has more than {options.Value.MaxMessageBytes} bytes (Netra:Connections:MaxMessageBytes).");
            return;
        }

        try
        {
            connection.Receive(message.Span, isAck);
        }
        catch (ProtocolViolationException violation)
        {
            await ProblemDocument.WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                ConnectionEndReasons.Describe(ConnectionEndReason.InvalidMessage).WireName,
                violation.Message);
            return;
        }
        catch (Exception)
        {
            // The violation has ended the connection, and is logged with that.
            await ProblemDocument.WriteAsync(
                context,
                StatusCodes.Status500InternalServerError,
                ConnectionEndReasons.Describe(ConnectionEndReason.InternalError).WireName,
                "The message could not be handled; the server's log says why.");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
