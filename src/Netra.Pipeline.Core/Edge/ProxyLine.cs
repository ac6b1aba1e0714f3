using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.Edge;

/// <summary>
/// The line with which a connection begins in version 1 of the PROXY protocol: whose connection a proxy passes on. Immutable.
/// </summary>
/// <param name="Client">The client; null where the proxy does not say, as in its health checks.</param>
/// <param name="Length">How many bytes the line has, its end included.</param>
internal sealed record ProxyLine(IPEndPoint? Client, int Length)
{
    /// <summary>The longest line that there may be, its end included.</summary>
    public const int MaxLength = 107;

    private static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    /// <summary>Reads a line.</summary>
    /// <param name="bytes">What has come so far.</param>
    /// <param name="line">The line; null where more bytes are needed.</param>
    /// <returns>False when no line begins like this.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> bytes, out ProxyLine? line)
    {
        line = null;
        Span<byte> buffer = stackalloc byte[(int)Math.Min(bytes.Length, MaxLength)];
        bytes.Slice(0, buffer.Length).CopyTo(buffer);
        var known = Math.Min(buffer.Length, Prefix.Length);
        if (!buffer[..known].SequenceEqual(Prefix[..known]))
        {
            return false;
        }

        var end = buffer.IndexOf("\r\n"u8);
        if (end < 0)
        {
            return buffer.Length < MaxLength;
        }

        var parts = Encoding.ASCII.GetString(buffer[Prefix.Length..end]).Split(' ');
        IPEndPoint? client = null;
        if (parts[0] != "UNKNOWN" && !TryReadClient(parts, out client))
        {
            return false;
        }

        line = new ProxyLine(client, end + 2);
        return true;
    }

    private static bool TryReadClient(string[] parts, out IPEndPoint? client)
    {
        client = null;
        if (parts is not [("TCP4" or "TCP6") and var name, var source, var destination, var sourcePort, var destinationPort])
        {
            return false;
        }

        var family = name == "TCP4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (AddressOf(source, family) is not { } address || AddressOf(destination, family) is null
            || PortOf(sourcePort) is not { } port || PortOf(destinationPort) is null)
        {
            return false;
        }

        client = new IPEndPoint(address, port);
        return true;
    }

    // Short forms such as "127.1" are none here.
    private static IPAddress? AddressOf(string text, AddressFamily family)
        => IPAddress.TryParse(text, out var address) && address.AddressFamily == family
            && !text.Contains('[') && !text.Contains('%')
            && (family == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? address
            : null;

    // The parser would ignore NULs at the end.
    private static int? PortOf(string text) => !text.AsSpan().ContainsAnyExceptInRange('0', '9')
        && ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        ? port
        : null;
}
