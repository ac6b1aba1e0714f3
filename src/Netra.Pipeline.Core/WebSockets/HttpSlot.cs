using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// A feature of connections that HTTP serves: reports when one of their requests is under way, and whether it is the pipeline's own. Safe
/// to use from any thread.
/// </summary>
internal sealed class HttpSlot(ConnectionContext connection, HttpInput input, ConnectionSlots slots)
{
    private static readonly object Own = new();

    public static async Task ServeAsync(HttpContext context, RequestDelegate serve)
    {
        if (context.Features.Get<HttpSlot>() is not { } slot)
        {
            await serve(context);
            return;
        }

        slot.Begin();
        try
        {
            await serve(context);
        }
        finally
        {
            slot.End(context);
        }
    }

    /// <summary>The request is one of the pipeline's own: it need not be waited for when the host stops.</summary>
    public static void Claim(HttpContext context)
    {
        if (context.Features.Get<HttpSlot>() is { } slot && context.Items.TryAdd(Own, null))
        {
            slot.Claim();
        }
    }

    private void Begin() => slots.BeginRequest(connection);

    private void Claim() => slots.ClaimRequest(connection);

    private void End(HttpContext context)
    {
        if (context.Items.Remove(Own))
        {
            slots.EndOwnRequest(connection);
        }
        else
        {
            // HTTP/2 closes when its streams have ended, and needs its input until then: the client's window is in it.
            slots.EndRequestOfHost(connection, HttpProtocol.IsHttp2(context.Request.Protocol) ? null : input.End);
        }
    }
}

/// <summary>Makes every request of a host report when it is under way. Stateless.</summary>
internal sealed class HttpSlotFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, following) => HttpSlot.ServeAsync(context, following));
        next(app);
    };
}
