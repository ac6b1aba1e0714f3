using System.Globalization;
using System.Net;

namespace Netra.Pipeline.Load.Clients;

/// <summary>Where a client connects to, and what its handshake says.</summary>
/// <param name="Url">The deployment's root, or its hub; http or https.</param>
/// <param name="PathAndQuery">The handshake's target.</param>
internal sealed record ClientAddress(Uri Url, string PathAndQuery)
{
    private const int PortsOfAnAddress = 20_000;

    /// <summary>The subprotocol that is asked for; null for none.</summary>
    public string? Subprotocol { get; init; }

    /// <summary>The bearer token of the handshake; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Whether the server's certificate is not looked at.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Which connection of the run it is, from 0.</summary>
    public int Index { get; init; }

    /// <summary>
    /// The address that the connection comes from; null for the system's choice. One address has about 28,000 ports, so that a run with
    /// more connections within this machine takes further addresses of the loopback network.
    /// </summary>
    public IPEndPoint? Source => Index < PortsOfAnAddress || !OperatingSystem.IsLinux() || Url.Host != "127.0.0.1"
        ? null
        : new IPEndPoint(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.{1 + (Index / PortsOfAnAddress)}")), 0);
}
