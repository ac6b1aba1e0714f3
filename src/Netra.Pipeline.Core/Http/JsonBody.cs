using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Netra.Pipeline.Http;

/// <summary>Reads the body of a request that is one small JSON text.</summary>
internal static class JsonBody
{
    public const string MediaType = "application/json";

    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>The media type of a body in UTF-8 that is not encoded further; null for any other.</summary>
    public static string? MediaTypeOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            || (request.Headers.ContentEncoding.Count > 0
                && !string.Equals(request.Headers.ContentEncoding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        return type.MediaType.Value?.ToLowerInvariant();
    }

    /// <summary>The text without a byte order mark: JSON has none, but some clients write one (RFC 8259, section 8.1).</summary>
    public static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> text)
    {
        Span<byte> start = stackalloc byte[3];
        if (text.Length < start.Length)
        {
            return text;
        }

        text.Slice(0, start.Length).CopyTo(start);
        return start.SequenceEqual(Mark) ? text.Slice(start.Length) : text;
    }

    /// <summary>Reads the whole body, which may be broken off in the middle: the peer does that, not the server.</summary>
    /// <returns>The body, or null when it has more bytes than allowed; and how one that is broken off is answered.</returns>
    public static async ValueTask<(ReadOnlyMemory<byte>? Bytes, ProblemDocument? BrokenOff)> TryReadAsync(
        HttpContext context, int maxBytes)
    {
        try
        {
            return (await ReadAsync(context.Request, maxBytes, context.RequestAborted), null);
        }
        catch (BadHttpRequestException exception)
        {
            context.Response.Headers.Connection = "close";
            return (null, new ProblemDocument(exception.StatusCode, "bad_request", exception.Message));
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            return (null, ProblemDocument.BadRequest("The request was broken off."));
        }
    }

    /// <summary>Reads the whole body.</summary>
    /// <returns>Null when it has more bytes than allowed; nothing above them is kept.</returns>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.Length > maxBytes)
            {
                body.AdvanceTo(buffer.End);
                return null;
            }

            if (result.IsCompleted)
            {
                var bytes = WithoutMark(buffer).ToArray();
                body.AdvanceTo(buffer.End);
                return bytes;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
