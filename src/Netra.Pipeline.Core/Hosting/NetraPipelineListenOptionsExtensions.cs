using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Edge;
using Netra.Pipeline.WebSockets;

// In the namespace where hosts look for it.
namespace Microsoft.AspNetCore.Hosting;

/// <summary>Opens the fast door of a listener.</summary>
public static class NetraPipelineListenOptionsExtensions
{
    /// <summary>
    /// Takes WebSockets at connection level on this listener; everything else goes on to HTTP untouched. To be called after
    /// <c>UseHttps</c>. A browser reaches it over HTTP/1.1 only: with HTTP/2 on, it opens its WebSocket as an extended CONNECT and comes
    /// through <c>MapNetraPipeline</c> instead.
    /// </summary>
    /// <param name="listenOptions">The listener.</param>
    public static ListenOptions UseNetraPipeline(this ListenOptions listenOptions)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        var services = listenOptions.ApplicationServices;

        // Resolved when the listener is bound: by then all options are set.
        listenOptions.Use(next => new FastDoor(
            next,
            services.GetRequiredService<ConnectionAcceptor>(),
            services.GetRequiredService<RegisteredAuthenticator>().Authenticator,
            services.GetRequiredService<ConnectionSlots>(),
            new FastDoorPath(
                services.GetRequiredService<IOptions<WebSocketDoorOptions>>().Value.Path,
                services.GetRequiredService<IOptions<HttpOptions>>().Value.PathBase),
            HandshakeLimits.From(listenOptions.KestrelServerOptions.Limits),
            services.GetRequiredService<RequestChecks>(),
            services.GetRequiredService<ServedTime>()).OnConnectionAsync);
        return listenOptions;
    }

    /// <summary>
    /// Takes the PROXY protocol's line from the beginning of each connection of this listener, where <c>Netra:Proxies:ProxyProtocol</c> is
    /// on. To be called before <c>UseHttps</c>.
    /// </summary>
    /// <param name="listenOptions">The listener.</param>
    public static ListenOptions UseNetraProxyProtocol(this ListenOptions listenOptions)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        listenOptions.Use(next => listenOptions.ApplicationServices.GetRequiredService<ProxyProtocol>().Wrap(next));
        return listenOptions;
    }
}
