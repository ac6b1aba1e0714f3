using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Publishing;

/// <summary>Where events come from: what all events of one request share.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Trace">The trace it is part of, if it is.</param>
/// <param name="Publisher">Whose idempotency keys are meant; empty for everybody who has not been authenticated.</param>
/// <param name="HeaderKey">What the header <c>Idempotency-Key</c> says.</param>
/// <param name="IsUrgent">Whether the publisher waits for each event to be stored.</param>
internal sealed record PublishSource(string RequestId, TraceContext? Trace, string Publisher, StringValues HeaderKey, bool IsUrgent)
{
    /// <summary>The header that carries the key of a single event.</summary>
    public const string KeyHeader = "Idempotency-Key";

    // As OpenID Connect calls it, where the host does not map claims to the names of .NET.
    private const string Subject = "sub";

    public static PublishSource Of(HttpContext context, bool isUrgent)
    {
        var headers = context.Request.Headers;
        TraceContext.TryCreate(headers.TraceParent, headers.TraceState, out var trace);
        return new PublishSource(context.TraceIdentifier, trace, PublisherOf(context.User), headers[KeyHeader], isUrgent);
    }

    /// <summary>Who sends a request, as the host has authenticated it; empty for nobody.</summary>
    // Names are for people and may be anybody's; the identifier is the identity's own.
    public static string PublisherOf(ClaimsPrincipal user)
        => user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst(Subject)?.Value ?? user.Identity?.Name ?? string.Empty;
}
