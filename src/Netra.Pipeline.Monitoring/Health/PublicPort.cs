using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Edge;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>The address of this server's WebSocket, for its own canary.</summary>
internal sealed class PublicPort(
    IEnumerable<IServer> servers, IOptions<WebSocketDoorOptions> door, HostRules hosts, IOptions<ProxyOptions> proxies)
{
    /// <summary>The host that a request to it names; null for the address's own.</summary>
    public string? Host { get; } = hosts.OwnName();

    /// <summary>What a connection to it begins with.</summary>
    public ReadOnlyMemory<byte> Preamble => proxies.Value.ProxyProtocol ? ProxyProtocol.OwnLine : default;

    /// <summary>The address, with a credential; null when the host listens on no TCP port.</summary>
    public Uri? AddressWith(string token)
    {
        foreach (var address in servers.SelectMany(static server => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []))
        {
            var binding = Microsoft.AspNetCore.Http.BindingAddress.Parse(address);
            if (!binding.IsUnixPipe && !binding.IsNamedPipe)
            {
                var scheme = string.Equals(binding.Scheme, "https", StringComparison.OrdinalIgnoreCase) ? "wss" : "ws";
                return new Uri($"{scheme}://{HostOf(binding.Host)}:{binding.Port}{door.Value.Path}?token={token}");
            }
        }

        return null;
    }

    private static string HostOf(string host) => host switch
    {
        "*" or "+" or "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        _ => host,
    };
}
