using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Access;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Publishing;

/// <summary><c>POST /v1/runs/answer</c> (docs/protocol.md, section 9.10): an answer that comes from elsewhere than a page.</summary>
internal sealed class AnswerEndpoint(AccessGuard guard, RunAnswers answers)
{
    // Beside the value, whose limit is told by name, there are four ids.
    private const int MaxBodyBytes = RunAnswers.MaxValueBytes + (16 * 1024);

    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = ProtocolConstants.MaxDepth,
        AllowDuplicateProperties = false,
    };

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPost(
        "/v1/runs/answer", static context => context.RequestServices.GetRequiredService<AnswerEndpoint>().HandleAsync(context));

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (await guard.AdmitAsync(context, AccessRights.Publish) && await AnswerAsync(context) is { } refusal)
            {
                await refusal.ExecuteAsync(context);
            }
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // Whoever answered is gone. What was accepted stays.
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            context.Response.Headers.Connection = "close";
            await ProblemDocument.WriteAsync(context, exception.StatusCode, "bad_request", exception.Message);
        }
    }

    private async ValueTask<ProblemDocument?> AnswerAsync(HttpContext context)
    {
        if (JsonBody.MediaTypeOf(context.Request) != JsonBody.MediaType)
        {
            return ProblemDocument.NotJson();
        }

        if (await JsonBody.ReadAsync(context.Request, MaxBodyBytes, context.RequestAborted) is not { } body)
        {
            return new ProblemDocument(
                StatusCodes.Status413PayloadTooLarge, "message_too_big", $"The body has more than {MaxBodyBytes} bytes.");
        }

        try
        {
            using var document = Parse(body);
            var members = document.RootElement;
            var userId = Text(members, "user_id");
            var tenantId = Text(members, "tenant_id") ?? Caller.Of(context).TenantId;
            if (userId is not null && AccessGuard.RefuseUser(context, UserKey.Of(tenantId, userId)) is { } forbidden)
            {
                return forbidden;
            }

            var taken = await answers.AnswerAsync(
                tenantId,
                userId,
                Text(members, "thread_id"),
                Text(members, "run_id"),
                Text(members, "request_id") ?? throw Invalid("request_id", "is missing"),
                members.TryGetProperty("value", out var value) ? value : throw Invalid("value", "is missing"),
                RequestAuthor.NameOf(context, Text(members, "by") ?? userId),
                messageId: null,
                context.RequestAborted);
            await PublishAnswer.WriteAsync(context.Response, taken.Stored, context.RequestAborted);
            return null;
        }
        catch (PipelineException exception)
        {
            var info = FailureCodes.Describe(exception.Code);
            return new ProblemDocument(
                info.HttpStatus ?? StatusCodes.Status500InternalServerError, info.WireName, exception.Message, exception.Numbers);
        }
    }

    // Half a surrogate pair, escaped, passes the JSON reader and would fail whoever fetches the text later.
    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var document = JsonDocument.Parse(body, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !Utf8.IsValid(body.Span))
            {
                throw Invalid("body", "must be one JSON object in UTF-8");
            }

            _ = JsonSerializer.SerializeToNode(document.RootElement)?.ToJsonString();
            return document;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Invalid("body", $"is not valid JSON: {exception.Message}");
        }
    }

    private static string? Text(JsonElement members, string name)
        => !members.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind != JsonValueKind.String ? throw Invalid(name, "must be a text")
            : name == "by" && value.GetString() is not { Length: > 0 and <= RequestAuthor.MaxChars }
                ? throw Invalid(name, $"must have 1 to {RequestAuthor.MaxChars} characters")
                : value.GetString();

    private static SendFailureException Invalid(string member, string problem)
        => SendFailureException.InvalidEvent(new FailureScope("Answer"), member, problem);
}
