using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Http;

/// <summary>A request with one event: answered when the event is stored, or with a problem document.</summary>
internal sealed class OneEventHandler(EventPublisher publisher)
{
    public async Task HandleAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        await using var runs = publisher.OpenRuns(context, isUrgent: true);
        var outcome = await PublishBodyAsync(context, runs, cancellationToken);
        var rejection = outcome.Rejection ?? await publisher.ConfirmStoredAsync(outcome, cancellationToken);
        if (rejection is null)
        {
            await WriteReceiptAsync(context.Response, outcome.Receipt, cancellationToken);
        }
        else
        {
            var info = FailureCodes.Describe(rejection.Code);
            await ProblemDocument.WriteAsync(
                context, info.HttpStatus ?? StatusCodes.Status500InternalServerError, info.WireName, rejection.Message, rejection.Numbers);
        }
    }

    private async ValueTask<PublishOutcome> PublishBodyAsync(HttpContext context, PublishRuns runs, CancellationToken cancellationToken)
    {
        if (context.Request.ContentLength > publisher.MaxBodyBytes)
        {
            return publisher.RejectTooLong("body");
        }

        var body = context.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.Length > publisher.MaxBodyBytes)
            {
                body.AdvanceTo(buffer.End);
                return publisher.RejectTooLong("body");
            }

            if (result.IsCompleted)
            {
                var outcome = await publisher.PublishAsync(buffer.IsSingleSegment ? buffer.First : buffer.ToArray(), runs, cancellationToken);
                body.AdvanceTo(buffer.End);
                return outcome;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static async Task WriteReceiptAsync(HttpResponse response, EventReceipt receipt, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            ReceiptJson.Write(json, receipt);
        }

        response.StatusCode = receipt.Status == EventStatus.Queued ? StatusCodes.Status201Created : StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, cancellationToken);
    }
}
