using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The members that every operator's body may have.</summary>
internal abstract record OperatorBody
{
    // Deep enough for every body there is, and not so deep that it costs anything.
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>The operator's name, for a request without authentication; 1 to 128 characters.</summary>
    public string? Author { get; init; }

    /// <summary>Reads a body and answers the request; refuses an invalid body, with all that is wrong.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">How the body is read. A missing body counts as one without members.</param>
    /// <param name="check">Converts the members, and notes what is wrong with them.</param>
    /// <param name="answer">Answers, with the converted body and its author.</param>
    /// <param name="maxBytes">How long it may be.</param>
    public static async Task<IResult> AnswerAsync<TBody, T>(
        HttpContext context,
        JsonTypeInfo<TBody> type,
        Func<TBody, BodyCheck, T> check,
        Func<T, string, Task<IResult>> answer,
        int maxBytes = MonitoringRoutes.MaxBodyBytes)
        where TBody : OperatorBody
    {
        var (read, brokenOff) = await JsonBody.TryReadAsync(context, maxBytes);
        if (brokenOff is not null)
        {
            return brokenOff;
        }

        if (read is not { } bytes)
        {
            return new ProblemDocument(StatusCodes.Status413PayloadTooLarge, "bad_request", $"The body may have {maxBytes} bytes.");
        }

        if (bytes.IsEmpty)
        {
            bytes = "{}"u8.ToArray();
        }
        else if (JsonBody.MediaTypeOf(context.Request) != JsonBody.MediaType)
        {
            return ProblemDocument.NotJson();
        }

        var problems = new BodyCheck();
        if (Read(bytes, type, problems) is { } body)
        {
            var wanted = check(body, problems);
            var author = problems.Text("author", body.Author, RequestAuthor.MaxChars);
            if (problems.AreNone)
            {
                return await answer(wanted, RequestAuthor.NameOf(context, author));
            }
        }

        return ProblemDocument.BadRequest(problems.ToString());
    }

    private static TBody? Read<TBody>(ReadOnlyMemory<byte> bytes, JsonTypeInfo<TBody> type, BodyCheck problems)
        where TBody : class
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Options);
            BodyShape.Compare(document.RootElement, type, problems);
            return problems.AreNone ? document.Deserialize(type) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second one is text that is not Unicode.
            problems.Refuse($"the body is not valid JSON: {exception.Message}");
            return null;
        }
    }
}

/// <summary>A body that names no more than its author.</summary>
internal sealed record EmptyBody : OperatorBody;
