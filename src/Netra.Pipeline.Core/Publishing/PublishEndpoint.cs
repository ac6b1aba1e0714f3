using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Access;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Publishing;

/// <summary><c>POST /v1/events</c> (docs/protocol.md, section 9): one event, or many a line each.</summary>
internal sealed partial class PublishEndpoint(
    AccessGuard guard,
    EventPublisher publisher,
    EventLinesHandler lines,
    PublisherAccounts accounts,
    PeerLog peers,
    ILogger<PublishEndpoint> logger)
{
    private const string OneEvent = JsonBody.MediaType;
    private const string Lines = "application/x-ndjson";

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPost(
        "/v1/events", static context => context.RequestServices.GetRequiredService<PublishEndpoint>().HandleAsync(context));

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (!await guard.AdmitAsync(context, AccessRights.Publish))
            {
                return;
            }

            // Each handler bounds what it reads by itself; a request of many events may go on for ever.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = null;
            }

            switch (JsonBody.MediaTypeOf(context.Request))
            {
                case OneEvent:
                    await HandleOneAsync(context);
                    break;
                case Lines:
                    await lines.HandleAsync(context);
                    break;
                default:
                    context.Response.Headers["Accept-Post"] = $"{OneEvent}, {Lines}";
                    await ProblemDocument.WriteAsync(
                        context,
                        StatusCodes.Status415UnsupportedMediaType,
                        "unsupported_media_type",
                        $"Send {OneEvent} or {Lines}, in UTF-8 and without a content encoding.");
                    break;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The publisher is gone: what was accepted stays, and there is nobody to answer.
            TellBroken(context, "the publisher has hung up");
        }
        catch (IOException exception)
        {
            TellBroken(context, exception.Message);
            await AnswerBrokenAsync(context, exception);
        }
    }

    // A single event is answered when it is stored, or with a problem document.
    private async Task HandleOneAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        await using var request = publisher.Begin(context, isUrgent: true);
        var account = accounts.Of(request.Publisher);
        if (account.TakeEvent() is { Ticks: > 0 } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await PublishAnswer.WriteAsync(context, default, publisher.RejectRate().Rejection);
            return;
        }

        var outcome = await PublishBodyAsync(context, request, account, cancellationToken);
        if (outcome.Rejection is not null)
        {
            account.SpendRefusedEvent();
        }

        var rejection = outcome.Rejection ?? await publisher.ConfirmStoredAsync(outcome, cancellationToken);
        await PublishAnswer.WriteAsync(context, outcome, rejection);
    }

    private async ValueTask<PublishOutcome> PublishBodyAsync(
        HttpContext context, PublishRequest request, PublisherAccount account, CancellationToken cancellationToken)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.Length > publisher.MaxBodyBytes)
            {
                account.Spend(lines: 0, buffer.Length);
                // Read even where a longer length was announced: the beginning names the user who is missing it.
                var rejected = await publisher.RejectTooLongAsync("body", buffer, request, cancellationToken);
                body.AdvanceTo(buffer.End);
                return rejected;
            }

            if (result.IsCompleted)
            {
                account.Spend(lines: 0, buffer.Length);
                var json = JsonBody.WithoutMark(buffer);
                var outcome = await publisher.PublishAsync(json.IsSingleSegment ? json.First : json.ToArray(), request, cancellationToken);
                body.AdvanceTo(buffer.End);
                return outcome;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private void TellBroken(HttpContext context, string reason) => peers.Write(
        EventIds.PublishBroken,
        nameof(TellBroken),
        context.Connection.RemoteIpAddress?.ToString(),
        more => Log.Broken(logger, reason, more));

    private static async Task AnswerBrokenAsync(HttpContext context, IOException exception)
    {
        if (context.Response.HasStarted || exception is not BadHttpRequestException bad)
        {
            // An answer that has begun must not look whole.
            context.Abort();
            return;
        }

        try
        {
            context.Response.Headers.Connection = "close";
            await ProblemDocument.WriteAsync(context, bad.StatusCode, "bad_request", bad.Message);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.PublishBroken,
            LogLevel.Information,
            "A request to publish events broke off: {Reason}. What was accepted stays{More}",
            EventName = nameof(EventIds.PublishBroken))]
        public static partial void Broken(ILogger logger, string reason, string more);
    }
}
