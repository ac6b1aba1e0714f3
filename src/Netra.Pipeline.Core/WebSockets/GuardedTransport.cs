using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>The host's transport, with a limit on how many connections are accepted. Safe to use from any thread.</summary>
/// <param name="transport">The transport.</param>
/// <param name="services">
/// The host's services, resolved when a listener is bound: the server, and this transport with it, is created before options are validated,
/// and would stop at the first invalid one instead of letting all of them be named.
/// </param>
internal sealed class GuardedTransport(IConnectionListenerFactory transport, IServiceProvider services)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new GuardedListener(
            await transport.BindAsync(endpoint, cancellationToken),
            services.GetRequiredService<ConnectionSlots>(),
            services.GetRequiredService<HandleWatch>());
        services.GetRequiredService<OpenListeners>().Add(listener);
        return listener;
    }

    public bool CanBind(EndPoint endpoint) => transport is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);
}
