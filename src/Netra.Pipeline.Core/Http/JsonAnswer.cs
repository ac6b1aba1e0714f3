using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>Answers a request with a JSON object of the moment, which nobody may keep for later.</summary>
internal static class JsonAnswer
{
    /// <summary>How answers are written: they go to parsers, never into HTML.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the whole answer, which must be bounded by what it lists.</summary>
    /// <param name="context">The request.</param>
    /// <param name="members">Writes the members of the object.</param>
    public static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> members)
    {
        // Not right into the response: whatever fails meanwhile must still become a problem document.
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        Begin(context.Response);
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Says what kind of answer comes.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
    }

    /// <summary>Writes a member that is JSON already.</summary>
    public static void WriteMember(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    /// <summary>Writes a member that is a list.</summary>
    public static void WriteList<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    /// <summary>Says that something is not there.</summary>
    public static Task NotFoundAsync(HttpContext context, string detail) => ProblemDocument.WriteAsync(context, StatusCodes.Status404NotFound, "not_found", detail);

    /// <summary>Says that a parameter is not as it must be.</summary>
    public static Task BadRequestAsync(HttpContext context, string detail) => ProblemDocument.WriteAsync(context, StatusCodes.Status400BadRequest, "bad_request", detail);

    /// <summary>A time as all of the protocol has it: Unix seconds with a fraction.</summary>
    public static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
