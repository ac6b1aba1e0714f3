using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Netra.Pipeline.Http;

/// <summary>
/// A problem document (RFC 9457) that names the failure's code and the numbers of the case: the answer to every request that is refused
/// over HTTP. Immutable.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The failure's name on the wire.</param>
/// <param name="Detail">What has happened, for people.</param>
/// <param name="Numbers">The numbers of the case, by name.</param>
internal sealed record ProblemDocument(int Status, string Code, string Detail, IReadOnlyDictionary<string, long>? Numbers = null) : IResult
{
    public const string MediaType = "application/problem+json";

    /// <summary>How long a caller is told to wait while the pipeline starts, drains or recovers.</summary>
    public const string RetryAfterSeconds = "1";

    // It goes to parsers, never into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The resource does not exist.</summary>
    public static ProblemDocument NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    /// <summary>The request is invalid.</summary>
    public static ProblemDocument BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "bad_request", detail);

    /// <summary>The body is not JSON in UTF-8.</summary>
    public static ProblemDocument NotJson()
        => new(
            StatusCodes.Status415UnsupportedMediaType,
            "unsupported_media_type",
            $"Send {JsonBody.MediaType}, in UTF-8 and without a content encoding.");

    /// <summary>Answers a request.</summary>
    public static Task WriteAsync(
        HttpContext context, int status, string code, string detail, IReadOnlyDictionary<string, long>? numbers = null)
        => new ProblemDocument(status, code, detail, numbers).ExecuteAsync(context);

    /// <summary>The JSON, in UTF-8.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body, Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "about:blank"u8);
        json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(Status));
        json.WriteNumber("status"u8, Status);
        json.WriteString("detail"u8, Detail);
        json.WriteString("code"u8, Code);
        if (Numbers is not null)
        {
            foreach (var (name, number) in Numbers)
            {
                json.WriteNumber(name, number);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = MediaType;
        if (response.Headers.RetryAfter.Count == 0
            && Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        var body = ToJson();
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}
