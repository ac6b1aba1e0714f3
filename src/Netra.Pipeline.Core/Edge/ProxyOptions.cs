using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Edge;

/// <summary>
/// Which proxies stand before this server, and how they say for whom they speak. Configuration section <c>Netra:Proxies</c>.
/// </summary>
public sealed class ProxyOptions
{
    /// <summary>
    /// The proxies that are believed: addresses (<c>10.0.0.5</c>), networks (<c>10.0.0.0/8</c>), and <c>unix</c> for whoever comes through
    /// a Unix socket. Default none. Anybody else's word on who is asking is ignored.
    /// </summary>
    public IList<string> Trusted { get; } = [];

    /// <summary>
    /// Which header fields the proxies set, and do not pass on from their clients: <c>XForwarded</c> (<c>X-Forwarded-For</c>,
    /// <c>-Proto</c>, <c>-Host</c>), the default, or <c>Forwarded</c> (RFC 7239). The others are ignored.
    /// </summary>
    [EnumDataType(typeof(ProxyHeaders))]
    public ProxyHeaders Headers { get; set; } = ProxyHeaders.XForwarded;

    /// <summary>
    /// Whether each connection begins with a line of the PROXY protocol, version 1. Default no. A connection without one, or from anybody
    /// who is not trusted, is closed.
    /// </summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>How long that line may take. Range 100 ms to 1 min, default 5 s. Then the connection is closed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ProxyProtocolTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>The header fields in which proxies say for whom they speak.</summary>
public enum ProxyHeaders
{
    /// <summary><c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c> and <c>X-Forwarded-Host</c>.</summary>
    XForwarded,

    /// <summary><c>Forwarded</c> (RFC 7239).</summary>
    Forwarded,
}
