using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Answers with a JSON document of the moment, which must not be cached.</summary>
internal static class JsonAnswer
{
    /// <summary>How answers are written: they go to parsers, never into HTML.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer. It is written as a whole, so what it lists must be bounded.</summary>
    /// <param name="document">The document.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="status">The HTTP status.</param>
    public static IResult Of<T>(T document, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
        => new JsonAnswer<T>(document, type, status);

    /// <inheritdoc cref="Of{T}(T, JsonTypeInfo{T}, int)"/>
    public static IResult Of(object document, JsonTypeInfo type) => new JsonAnswer<object>(document, type, StatusCodes.Status200OK);

    /// <summary>An answer without a body.</summary>
    public static IResult Empty(int status) => new EmptyAnswer(status);

    /// <summary>An answer that another part of the pipeline writes.</summary>
    public static IResult By(Func<HttpContext, Task> write) => new WrittenAnswer(write);

    /// <summary>Sets the header fields of a JSON answer.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = JsonBody.MediaType;
        response.Headers.CacheControl = "no-store";
    }

    /// <summary>A time in the protocol's form: Unix seconds with a fraction.</summary>
    public static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;

    private sealed class EmptyAnswer(int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            return Task.CompletedTask;
        }
    }

    private sealed class WrittenAnswer(Func<HttpContext, Task> write) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => write(httpContext);
    }
}

/// <inheritdoc cref="JsonAnswer"/>
internal sealed class JsonAnswer<T>(T document, JsonTypeInfo type, int status) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // Not directly into the response: a failure meanwhile must still become a problem document.
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Options))
        {
            JsonSerializer.Serialize(json, document, type);
        }

        var response = httpContext.Response;
        JsonAnswer.Begin(response);
        response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = ProblemDocument.RetryAfterSeconds;
        }

        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, httpContext.RequestAborted);
    }
}
