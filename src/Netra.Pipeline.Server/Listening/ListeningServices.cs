using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Netra.Pipeline.Server.Listening;

/// <summary>Registers how the server listens, and how it takes over from another process; before the pipeline is added.</summary>
internal static class ListeningServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddHostedService<Takeover>();
        services.AddSingleton<ListeningSockets>();
        services.AddOptions<SocketTransportOptions>().Configure<IServiceProvider>(static (sockets, provider) =>
        {
            sockets.Backlog = ListeningSockets.Backlog;
            sockets.CreateBoundListenSocket = endpoint => provider.GetRequiredService<ListeningSockets>().Take(endpoint);
        });
    }
}
