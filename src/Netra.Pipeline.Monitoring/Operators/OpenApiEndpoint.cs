using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET /openapi/v1.json</c> (docs/protocol.md, section 11): every route of the pipeline, from the file <c>openapi.json</c> beside this
/// one. Every caller may read it, since it contains no user's data.
/// </summary>
internal static class OpenApiEndpoint
{
    private const string Resource = "openapi.json";

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/openapi/v1.json", AnswerAsync).AllowAnonymous();

    private static async Task AnswerAsync(HttpContext context)
    {
        await using var document = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly has no resource {Resource}.");
        context.Response.ContentType = JsonBody.MediaType;
        context.Response.ContentLength = document.Length;
        await document.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
