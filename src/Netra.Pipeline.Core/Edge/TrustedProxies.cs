using System.Net;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Edge;

/// <summary>The proxies that are believed (<c>Netra:Proxies:Trusted</c>). Immutable.</summary>
internal sealed class TrustedProxies
{
    private const string Unix = "unix";

    public TrustedProxies(IOptions<ProxyOptions> options)
    {
        foreach (var entry in options.Value.Trusted)
        {
            if (IPAddress.TryParse(entry, out var address))
            {
                Addresses.Add(Plain(address));
            }
            else if (IPNetwork.TryParse(entry, out var network))
            {
                Networks.Add(network);
            }
            else
            {
                TrustsUnixSockets |= entry == Unix;
            }
        }
    }

    public List<IPAddress> Addresses { get; } = [];

    public List<IPNetwork> Networks { get; } = [];

    /// <summary>Whether whoever comes through a Unix socket is one.</summary>
    public bool TrustsUnixSockets { get; }

    /// <summary>Whether there are any.</summary>
    public bool Any => TrustsUnixSockets || Addresses.Count > 0 || Networks.Count > 0;

    public static bool IsEntry(string text) => text == Unix || IPAddress.TryParse(text, out _) || IPNetwork.TryParse(text, out _);

    /// <param name="peer">A peer's address; null for a Unix socket's, which has none.</param>
    public bool Contains(IPAddress? peer)
    {
        if (peer is null)
        {
            return TrustsUnixSockets;
        }

        var address = Plain(peer);
        return Addresses.Contains(address) || Networks.Exists(network => network.Contains(address));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
