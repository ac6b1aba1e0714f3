using System.Net;

namespace Netra.Pipeline.Edge;

/// <summary>What one proxy says in <c>Forwarded</c> (RFC 7239): for whom, and what it was asked. Immutable.</summary>
/// <param name="For">The client's address, with its port or 0.</param>
/// <param name="Proto">The scheme that the client used; null where it is not said.</param>
/// <param name="Host">The host that the client asked; null where it is not said.</param>
internal sealed record ForwardedElement(IPEndPoint For, string? Proto, string? Host)
{
    /// <summary>Reads one element.</summary>
    /// <returns>Null when it is malformed, or does not say for whom by an address.</returns>
    public static ForwardedElement? TryParse(ReadOnlySpan<char> text)
    {
        IPEndPoint? client = null;
        string? proto = null;
        string? host = null;
        foreach (var range in text.Split(';'))
        {
            var pair = text[range].Trim();
            var equals = pair.IndexOf('=');
            if (equals <= 0 || ValueOf(pair[(equals + 1)..]) is not { } value)
            {
                return null;
            }

            switch (pair[..equals])
            {
                case var name when name.Equals("for", StringComparison.OrdinalIgnoreCase):
                    client = EndPointOf(value);
                    break;
                case var name when name.Equals("proto", StringComparison.OrdinalIgnoreCase):
                    proto = value;
                    break;
                case var name when name.Equals("host", StringComparison.OrdinalIgnoreCase):
                    host = value;
                    break;
            }
        }

        return client is null || proto is not (null or "http" or "https") || (host is not null && !Authority.TryParse(host, out _))
            ? null
            : new ForwardedElement(client, proto, host);
    }

    // An escape in quotes is nothing that addresses, schemes and hosts have.
    private static string? ValueOf(ReadOnlySpan<char> text)
    {
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"')
        {
            text = text[1..^1];
        }

        return text.IsEmpty || text.ContainsAny('"', '\\') ? null : text.ToString();
    }

    private static IPEndPoint? EndPointOf(string text)
        => Authority.TryParse(text, out var authority) && IPAddress.TryParse(authority.Host.AsSpan().Trim("[]"), out var address)
            ? new IPEndPoint(address, authority.Port ?? 0)
            : null;
}
