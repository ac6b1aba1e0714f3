using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

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

    private const int MaxKeyBytes = 256;

    // As OpenID Connect calls it, where the host does not map claims to the names of .NET.
    private const string Subject = "sub";

    public static PublishSource Of(HttpContext context, bool isUrgent)
    {
        var headers = context.Request.Headers;
        TraceContext.TryCreate(headers.TraceParent, headers.TraceState, out var trace);
        return new PublishSource(context.TraceIdentifier, trace, PublisherOf(context.User), headers[KeyHeader], isUrgent);
    }

    /// <summary>The key under which an event is published (docs/protocol.md, section 9.2): from its member, or from the request's header.</summary>
    /// <param name="member">What its member says; null where it has none.</param>
    /// <param name="scope">Whose event it is, for the failure.</param>
    /// <returns>The key; null when it has none.</returns>
    /// <exception cref="SendFailureException">It is not valid, or the two do not agree (<c>invalid_event</c>).</exception>
    public string? KeyOf(string? member, in FailureScope scope)
    {
        var key = member;
        if (HeaderKey.Count > 0)
        {
            var header = HeaderKey.Count == 1 ? HeaderKey[0] : null;
            if (header is null || (key is not null && key != header))
            {
                throw SendFailureException.InvalidEvent(scope, KeyHeader, "must occur once, and agree with idempotency_key");
            }

            key = header;
        }

        return key is null || Encoding.UTF8.GetByteCount(key) is > 0 and <= MaxKeyBytes
            ? key
            : throw SendFailureException.InvalidEvent(scope, "idempotency_key", $"must have 1 to {MaxKeyBytes} bytes of UTF-8");
    }

    /// <summary>Who sends a request, as the host has authenticated it; empty for nobody.</summary>
    // Names are for people and may be anybody's; the identifier is the identity's own.
    public static string PublisherOf(ClaimsPrincipal user)
        => user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst(Subject)?.Value ?? user.Identity?.Name ?? string.Empty;
}
