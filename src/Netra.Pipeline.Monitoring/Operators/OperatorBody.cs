using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The JSON bodies that operators send. Stateless.</summary>
internal static class OperatorBody
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads a body, and answers the request when it is not as it must be.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">How long it may be.</param>
    /// <param name="read">Reads its members; what is wrong with them is answered with 400.</param>
    /// <returns>What was read; null when the request is answered.</returns>
    public static async ValueTask<T?> ReadAsync<T>(HttpContext context, int maxBytes, Func<JsonMembers, List<string>, T> read)
        where T : class
    {
        if (await JsonBody.ReadAsync(context.Request, maxBytes, context.RequestAborted) is not { } bytes)
        {
            await ProblemDocument.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, "bad_request", $"The body may have {maxBytes} bytes.");
            return null;
        }

        if (bytes.IsEmpty)
        {
            bytes = "{}"u8.ToArray();
        }
        else if (JsonBody.MediaTypeOf(context.Request) != JsonBody.MediaType)
        {
            await ProblemDocument.WriteAsync(
                context, StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", $"Send {JsonBody.MediaType}, in UTF-8 and without a content encoding.");
            return null;
        }

        var problems = new List<string>();
        T? value = null;
        try
        {
            using var document = JsonDocument.Parse(bytes, Options);
            var members = new JsonMembers(document.RootElement, string.Empty, problems);
            value = read(members, problems);
            members.End();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second one is text that is not Unicode.
            problems.Add($"the body is not valid JSON: {exception.Message}");
        }

        if (problems.Count == 0)
        {
            return value;
        }

        await JsonAnswer.BadRequestAsync(context, string.Join("; ", problems) + ".");
        return null;
    }
}
