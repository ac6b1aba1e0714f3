using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Netra.Pipeline.Http;

/// <summary><c>POST /v1/events</c> (docs/protocol.md, section 9): one event, or many a line each.</summary>
internal sealed class PublishEndpoint(PublishGuard guard, OneEventHandler one, EventLinesHandler lines)
{
    private const string OneEvent = "application/json";
    private const string Lines = "application/x-ndjson";

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
        => endpoints.MapPost("/v1/events", static context => context.RequestServices.GetRequiredService<PublishEndpoint>().HandleAsync(context));

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (!await guard.AdmitAsync(context))
            {
                return;
            }

            // Each handler bounds what it reads by itself; a request of many events may go on for ever.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = null;
            }

            switch (MediaTypeOf(context.Request))
            {
                case OneEvent:
                    await one.HandleAsync(context);
                    break;
                case Lines:
                    await lines.HandleAsync(context);
                    break;
                default:
                    context.Response.Headers["Accept-Post"] = $"{OneEvent}, {Lines}";
                    await ProblemDocument.WriteAsync(
                        context, StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", $"Send {OneEvent} or {Lines}, in UTF-8 and without a content encoding.");
                    break;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The publisher is gone: what was accepted stays, and there is nobody to answer.
        }
    }

    private static string? MediaTypeOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            || (request.Headers.ContentEncoding.Count > 0 && !string.Equals(request.Headers.ContentEncoding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        return type.MediaType.Value?.ToLowerInvariant();
    }
}
