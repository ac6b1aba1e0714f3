using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Http;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Keeps publishing, and what operators ask, from being open by accident: whoever can post events speaks to every user, and whoever can
/// read them hears every user. In Development it admits this machine alone; elsewhere the host must have said who may.
/// </summary>
internal sealed partial class PublishGuard(IHostEnvironment environment, SecurityAudit audit, ILogger<PublishGuard> logger)
{
    private const string Advice = "Nothing says who may publish events and read them here: protect the endpoints with "
        + "MapNetraPipeline().RequireAuthorization(), or open them to everybody with .AllowAnonymous().";

    private int _told;

    /// <summary>Answers a request that is not admitted.</summary>
    /// <returns>Whether it is.</returns>
    public async ValueTask<bool> AdmitAsync(HttpContext context)
    {
        if (environment.IsDevelopment())
        {
            if (IsLocal(context))
            {
                return true;
            }

            Refuse(context, StatusCodes.Status403Forbidden);
            await ProblemDocument.WriteAsync(
                context, StatusCodes.Status403Forbidden, "forbidden", "Development mode admits this machine only.");
            return false;
        }

        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<IAuthorizeData>() is not null || metadata?.GetMetadata<IAllowAnonymous>() is not null)
        {
            // The authorization middleware has admitted it, or the host has chosen to do without.
            return true;
        }

        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            Log.Unprotected(logger, Advice);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        Refuse(context, StatusCodes.Status401Unauthorized);
        await ProblemDocument.WriteAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", Advice);
        return false;
    }

    private void Refuse(HttpContext context, int status) => audit.RequestRefused(
        RequestAuthor.IdOf(context.User),
        HttpHandshake.RemoteOf(context),
        context.Request.Method,
        context.Request.Path.Value,
        status);

    // The address that middleware for trusted proxies may have corrected counts; a transport without addresses is local only if it is a
    // Unix socket.
    private static bool IsLocal(HttpContext context) => context.Connection.RemoteIpAddress is { } address
        ? IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        : context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint is UnixDomainSocketEndPoint;

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.PublishUnprotected,
            LogLevel.Warning,
            "Publishing events and reading them is refused with 401. {Advice} This is said once",
            EventName = nameof(EventIds.PublishUnprotected))]
        public static partial void Unprotected(ILogger logger, string advice);
    }
}
