using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Netra.Pipeline.Http;

/// <summary>Answers a request with a problem document (RFC 9457) that names the failure's code and the numbers of the case.</summary>
internal static class ProblemDocument
{
    // What a publisher is told to wait while the pipeline starts, drains or recovers.
    private const string RetryAfterSeconds = "1";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(
        HttpContext context, int status, string code, string detail, IReadOnlyDictionary<string, long>? numbers = null)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status"u8, status);
            json.WriteString("detail"u8, detail);
            json.WriteString("code"u8, code);
            foreach (var (name, number) in numbers ?? new Dictionary<string, long>(StringComparer.Ordinal))
            {
                json.WriteNumber(name, number);
            }

            json.WriteEndObject();
        }

        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }
}
