using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Netra.Pipeline.Server.Listening;

/// <summary>
/// Binds the server's addresses itself: the fast door must come after TLS and before HTTP, and middleware from
/// <c>ConfigureEndpointDefaults</c> would run before TLS. Binding by hand overrides <c>urls</c>, so that is read here. Sockets that systemd
/// passes on (socket activation) are listened on instead, with the scheme of the first URL.
/// </summary>
internal static class ServerEndpoints
{
    private const string DefaultUrl = "http://127.0.0.1:5080";

    public static void Bind(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        var urls = UrlsOf(configuration);
        if (IsActivated)
        {
            kestrel.UseSystemd(ConfigureListener(urls[0], BindingAddress.Parse(urls[0])));
            return;
        }

        foreach (var url in urls)
        {
            Bind(kestrel, url, BindingAddress.Parse(url));
        }
    }

    /// <summary>The TCP end points that <see cref="Bind(KestrelServerOptions, IConfiguration)"/> listens on.</summary>
    public static IEnumerable<IPEndPoint> TcpOf(IConfiguration configuration)
        => IsActivated ? [] : UrlsOf(configuration).SelectMany(static url => TcpOf(BindingAddress.Parse(url)));

    private static bool IsActivated => string.Equals(
        Environment.GetEnvironmentVariable("LISTEN_PID"),
        Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        StringComparison.Ordinal);

    private static string[] UrlsOf(IConfiguration configuration)
    {
        var urls = configuration["urls"] is { Length: > 0 } configured ? configured : DefaultUrl;
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    // As Kestrel does in the method below.
    private static IPEndPoint[] TcpOf(BindingAddress address)
    {
        if (address.IsUnixPipe)
        {
            return [];
        }

        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && !ip.Equals(IPAddress.Any))
        {
            return [new IPEndPoint(ip, address.Port)];
        }

        return string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase)
            ? [new IPEndPoint(IPAddress.Loopback, address.Port), new IPEndPoint(IPAddress.IPv6Loopback, address.Port)]
            : [new IPEndPoint(IPAddress.IPv6Any, address.Port)];
    }

    private static void Bind(KestrelServerOptions kestrel, string url, BindingAddress address)
    {
        var configure = ConfigureListener(url, address);
        if (address.IsUnixPipe)
        {
            kestrel.ListenUnixSocket(address.UnixPipePath, configure);
        }
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, address.Port, configure);
        }
        else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            kestrel.ListenLocalhost(address.Port, configure);
        }
        else if (address.Host is "*" or "+" or "0.0.0.0")
        {
            kestrel.ListenAnyIP(address.Port, configure);
        }
        else
        {
            throw new ConfigurationException($"urls: the host of '{url}' must be an IP address, localhost, or * for all addresses.");
        }
    }

    private static Action<ListenOptions> ConfigureListener(string url, BindingAddress address) => listener =>
    {
        // Over HTTP/2 a browser opens its WebSocket as an extended CONNECT, and never meets the fast door.
        listener.Protocols = HttpProtocols.Http1;
        listener.UseNetraProxyProtocol();
        switch (address.Scheme.ToUpperInvariant())
        {
            case "HTTP":
                break;
            case "HTTPS":
                listener.UseHttps();
                break;
            default:
                throw new ConfigurationException($"urls: the scheme of '{url}' must be http or https.");
        }

        listener.UseNetraPipeline();
    };
}
