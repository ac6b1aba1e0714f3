using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Publishing;

/// <summary>Answers a request that published one event: with the receipt, or with a problem document.</summary>
internal static class PublishAnswer
{
    /// <summary>Answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="outcome">What became of the event.</param>
    /// <param name="rejection">Why it was refused, or not confirmed; null for neither.</param>
    public static Task WriteAsync(HttpContext context, PublishOutcome outcome, PublishRejection? rejection)
    {
        if (rejection is null)
        {
            return WriteReceiptAsync(context.Response, outcome, context.RequestAborted);
        }

        var info = FailureCodes.Describe(rejection.Code);
        return ProblemDocument.WriteAsync(
            context, info.HttpStatus ?? StatusCodes.Status500InternalServerError, info.WireName, rejection.Message, rejection.Numbers);
    }

    private static async Task WriteReceiptAsync(HttpResponse response, PublishOutcome outcome, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            ReceiptJson.Write(json, outcome);
        }

        response.StatusCode = outcome.Lease is not null ? StatusCodes.Status200OK
            : outcome.Status == EventStatus.Queued ? StatusCodes.Status201Created : StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        if (outcome.IsReplay)
        {
            response.Headers["Idempotency-Replayed"] = "true";
        }

        await response.Body.WriteAsync(body.WrittenMemory, cancellationToken);
    }
}
