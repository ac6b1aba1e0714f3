using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Threads;

/// <summary>How answers about threads are written.</summary>
internal static class ThreadJson
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMillisecond / 1000;

    // It goes to parsers, never into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with a document of the moment, which must not be cached.</summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes it, as a whole: what it lists is bounded.</param>
    public static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(body, Options))
        {
            write(json);
        }

        var response = context.Response;
        response.ContentType = JsonBody.MediaType;
        response.Headers.CacheControl = "no-store";
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    /// <summary>A time in the protocol's form, to the digit that events have: Unix seconds with a fraction.</summary>
    public static decimal SecondsOf(DateTimeOffset time)
        => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TicksPerMicrosecond / 1_000_000m;
}
