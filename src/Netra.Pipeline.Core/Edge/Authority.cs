using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Netra.Pipeline.Edge;

/// <summary>A host and its port, as <c>Host</c> and <c>Origin</c> name them. Immutable.</summary>
/// <param name="Host">A name or an address; an IPv6 address in its brackets.</param>
/// <param name="Port">The port; null where none is named.</param>
internal readonly record struct Authority(string Host, int? Port)
{
    // What no host has, and what ends one in a URL.
    private static readonly SearchValues<char> NotInHost = SearchValues.Create("/\\?#@,;<>\"'` \t\r\n");

    public static bool TryParse(string? text, [NotNullWhen(true)] out Authority authority)
    {
        authority = default;
        if (string.IsNullOrEmpty(text) || text.AsSpan().ContainsAny(NotInHost) || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return false;
        }

        var end = text[0] == '[' ? text.IndexOf(']') + 1 : text.IndexOf(':') is var colon and >= 0 ? colon : text.Length;
        if (end == 0 || (end < text.Length && text[end] != ':'))
        {
            return false;
        }

        int? port = null;
        if (end + 1 < text.Length)
        {
            if (!ushort.TryParse(text.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            port = number;
        }

        authority = new Authority(end == text.Length ? text : text[..end], port);
        return true;
    }

    /// <summary>Whether it names this machine whoever resolves it: <c>localhost</c>, or a loopback address.</summary>
    public bool IsLoopback => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host.AsSpan().Trim("[]"), out var address)
            && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));
}
