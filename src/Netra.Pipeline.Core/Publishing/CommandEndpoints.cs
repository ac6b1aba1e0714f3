using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// <c>GET /v1/commands</c>: what pages want of a publisher, for as long as it reads; and <c>POST /v1/commands/ack</c> (docs/protocol.md,
/// section 9.11).
/// </summary>
internal sealed class CommandEndpoints(
    AccessGuard guard,
    CommandRegistry registry,
    OpenRequests requests,
    EventPublisher publisher,
    FailureReporter failures,
    IOptions<PublishOptions> options,
    TimeProvider time)
{
    private const int MaxAckBytes = 4096;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(
            "/v1/commands", static context => context.RequestServices.GetRequiredService<CommandEndpoints>().ReadAsync(context))
            .WithMetadata(RouteRules.Changing);
        endpoints.MapPost(
            "/v1/commands/ack", static context => context.RequestServices.GetRequiredService<CommandEndpoints>().AcknowledgeAsync(context));
    }

    private async Task ReadAsync(HttpContext context)
    {
        if (!await guard.AdmitAsync(context, AccessRights.Publish))
        {
            return;
        }

        var query = CommandQuery.OfReader(context.Request.Query, out var problem);
        if (problem is not null)
        {
            await ProblemDocument.BadRequest(problem).ExecuteAsync(context);
            return;
        }

        if (query.WantsMessages && AccessGuard.RefuseUser(context, userKey: null) is { } forbidden)
        {
            await forbidden.ExecuteAsync(context);
            return;
        }

        // An answer without receipts: it ends when there are to be no more.
        var receipts = new ReceiptQueue(options, time);
        if (!requests.TryOpen(RequestAuthor.IdOf(context.User), receipts.Complete, out var slot))
        {
            await requests.RefuseAsync(context);
            return;
        }

        using var open = slot;
        open.KeepsReading = true;
        try
        {
            await ServeAsync(context, query, receipts);
        }
        catch (PipelineException exception) when (!context.Response.HasStarted)
        {
            failures.Report(exception);
            await PublishAnswer.WriteAsync(context, default, PublishRejection.From(exception));
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The publisher is gone; what it has not acknowledged is another reader's.
        }
    }

    private async Task ServeAsync(HttpContext context, CommandQuery query, ReceiptQueue receipts)
    {
        var cancellationToken = context.RequestAborted;
        using var reader = await registry.OpenReaderAsync(
            RequestAuthor.IdOf(context.User), request: null, query.WantsMessages, cancellationToken);
        EventLinesHandler.LiftRates(context);
        EventLinesHandler.DescribeAnswer(context.Response);
        await context.Response.StartAsync(cancellationToken);
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
        var closing = HttpHandshake.ClosingOf(context);
        await using var stopping = closing.UnsafeRegister(static receipts => ((ReceiptQueue)receipts!).Complete(), receipts);
        await using var ending = Caller.Of(context).Ended.UnsafeRegister(static receipts => ((ReceiptQueue)receipts!).Complete(), receipts);
        var writer = new ReceiptWriter(
            publisher, receipts.Reader, reader, context.Response.BodyWriter, options.Value.AnswerKeepAlive, time);
        await writer.RunAsync(cancellationToken);
    }

    private async Task AcknowledgeAsync(HttpContext context)
    {
        if (!await guard.AdmitAsync(context, AccessRights.Publish))
        {
            return;
        }

        if (JsonBody.MediaTypeOf(context.Request) != JsonBody.MediaType)
        {
            await ProblemDocument.NotJson().ExecuteAsync(context);
            return;
        }

        var (read, brokenOff) = await JsonBody.TryReadAsync(context, MaxAckBytes);
        if (brokenOff is not null)
        {
            await brokenOff.ExecuteAsync(context);
            return;
        }

        if (read is not { } body || CommandAck.TryRead(body.Span) is not { } commandId)
        {
            await ProblemDocument.BadRequest("Send {\"command_ack\":\"…\"}, with the command_id of a command.").ExecuteAsync(context);
            return;
        }

        try
        {
            await registry.AcknowledgeAsync(RequestAuthor.IdOf(context.User), commandId);
        }
        catch (PipelineException exception)
        {
            failures.Report(exception);
            await PublishAnswer.WriteAsync(context, default, PublishRejection.From(exception));
            return;
        }

        var answer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(answer))
        {
            CommandAck.Write(json, commandId);
        }

        context.Response.ContentType = JsonBody.MediaType;
        context.Response.ContentLength = answer.WrittenCount;
        await context.Response.Body.WriteAsync(answer.WrittenMemory, context.RequestAborted);
    }
}
