using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Netra.Pipeline.Http;

/// <summary>What all answers of server-sent events have in common.</summary>
internal static class ServerSentEvents
{
    /// <summary>Sends the head of the answer; what is flushed after it arrives at once.</summary>
    public static Task BeginAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store, no-transform";

        // Neither the host's middleware nor a proxy may hold back flushed bytes.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return response.StartAsync(context.RequestAborted);
    }
}
