using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// What publishers are answered (docs/protocol.md, section 9): receipts and rejections, and to a request with one event the receipt or a
/// problem document.
/// </summary>
internal static class PublishAnswer
{
    /// <summary>Answers a request that published one event.</summary>
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

    /// <summary>
    /// The receipt of a stored event. Its bytes depend on nothing but id, number and status, so that a duplicate gets the same ones.
    /// </summary>
    public static void Write(Utf8JsonWriter json, in PublishOutcome receipt)
    {
        if (receipt.CommandId is { } commandId)
        {
            CommandAck.Write(json, commandId);
            return;
        }

        json.WriteStartObject();
        if (receipt.Lease is { } lease)
        {
            json.WriteString("status"u8, "renewed"u8);
            json.WriteNumber("lease_ms"u8, (long)lease.TotalMilliseconds);
            json.WriteEndObject();
            return;
        }

        if (receipt.Question is { } question)
        {
            Write(json, question);
        }

        json.WriteString("id"u8, receipt.Id);
        json.WriteNumber("seq"u8, receipt.Seq);
        if (receipt.Question is not null)
        {
            json.WriteEndObject();
            return;
        }

        json.WriteString("status"u8, StatusOf(receipt.Status));
        if (receipt.Status == EventStatus.Lagging)
        {
            json.WriteString("warning"u8, FailureCodes.WireName(FailureCode.BufferOverflow));
        }

        json.WriteEndObject();
    }

    /// <summary>Answers a request with the receipt of a stored event, and nothing more.</summary>
    public static async Task WriteAsync(HttpResponse response, StoredReceipt stored, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, stored.Id);
            json.WriteNumber("seq"u8, stored.Seq);
            json.WriteString("status"u8, StatusOf(stored.Status));
            json.WriteEndObject();
        }

        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, cancellationToken);
    }

    /// <summary>The answer to a line without a receipt.</summary>
    public static void Write(Utf8JsonWriter json, PublishRejection rejection)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, "rejected"u8);
        json.WriteString("code"u8, FailureCodes.WireName(rejection.Code));
        json.WriteString("message"u8, rejection.Message);
        foreach (var (name, number) in rejection.Numbers)
        {
            json.WriteNumber(name, number);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LogQuestion question)
    {
        if (question.Answer is not { } answer)
        {
            json.WriteString("status"u8, "waiting"u8);
            return;
        }

        json.WriteString("status"u8, "answered"u8);
        json.WriteString("request_id"u8, question.RequestId);
        json.WritePropertyName("value"u8);
        json.WriteRawValue(answer.Value.Span, skipInputValidation: true);
        json.WriteString("by"u8, answer.By);
    }

    private static async Task WriteReceiptAsync(HttpResponse response, PublishOutcome outcome, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            Write(json, outcome);
        }

        response.StatusCode = outcome.Lease is not null || outcome.Question is not null ? StatusCodes.Status200OK
            : outcome.Status == EventStatus.Queued ? StatusCodes.Status201Created : StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        if (outcome.IsReplay)
        {
            response.Headers["Idempotency-Replayed"] = "true";
        }

        await response.Body.WriteAsync(body.WrittenMemory, cancellationToken);
    }

    private static ReadOnlySpan<byte> StatusOf(EventStatus status) => status switch
    {
        EventStatus.Queued => "queued"u8,
        EventStatus.Lagging => "lagging"u8,
        EventStatus.Pending => "stored"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a defined status"),
    };
}
