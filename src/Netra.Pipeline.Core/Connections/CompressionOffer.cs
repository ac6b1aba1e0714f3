using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Netra.Pipeline.Connections;

/// <summary>One offer of permessage-deflate in <c>Sec-WebSocket-Extensions</c> (RFC 7692, section 7). Immutable.</summary>
/// <param name="ServerMaxWindowBits">How large the server's window may be at most; null where the client leaves it open.</param>
/// <param name="ServerKeepsContext">Whether the server may use earlier messages for later ones.</param>
/// <param name="ClientMaxWindowBits">Up to what the server may bound the client's window; null where it may not.</param>
internal sealed record CompressionOffer(int? ServerMaxWindowBits, bool ServerKeepsContext, int? ClientMaxWindowBits)
{
    /// <summary>The extension.</summary>
    public const string Name = "permessage-deflate";

    private const int MinBits = 8;
    private const int MaxBits = 15;

    /// <summary>The first offer that can be taken; null where there is none.</summary>
    public static CompressionOffer? FirstOf(StringValues extensions)
    {
        foreach (var field in extensions)
        {
            // Quoted values are bare numbers here, so a comma always parts offers.
            foreach (var range in field.AsSpan().Split(','))
            {
                if (TryParse(field.AsSpan()[range]) is { } offer)
                {
                    return offer;
                }
            }
        }

        return null;
    }

    // Null also for what is unknown, doubled or of another form: such an offer must be declined (RFC 7692, 7.1).
    private static CompressionOffer? TryParse(ReadOnlySpan<char> text)
    {
        var offer = new CompressionOffer(null, ServerKeepsContext: true, ClientMaxWindowBits: null);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var range in text.Split(';'))
        {
            var part = text[range].Trim();
            if (seen.Count == 0)
            {
                if (!part.Equals(Name, StringComparison.OrdinalIgnoreCase))
                {
                    return null;
                }

                seen.Add(Name);
                continue;
            }

            var equals = part.IndexOf('=');
            var name = (equals < 0 ? part : part[..equals]).Trim().ToString();
            if (!seen.Add(name) || offer.With(name, equals < 0 ? null : BitsOf(part[(equals + 1)..]), equals >= 0) is not { } next)
            {
                return null;
            }

            offer = next;
        }

        return seen.Count == 0 ? null : offer;
    }

    private CompressionOffer? With(string name, int? bits, bool hasValue) => (name.ToLowerInvariant(), bits, hasValue) switch
    {
        ("server_no_context_takeover", null, false) => this with { ServerKeepsContext = false },

        // What the client does with its own context is bounded by what the server answers.
        ("client_no_context_takeover", null, false) => this,

        // The library knows no window of 8 bits.
        ("server_max_window_bits", > MinBits, true) => this with { ServerMaxWindowBits = bits },
        ("client_max_window_bits", null, false) => this with { ClientMaxWindowBits = MaxBits },
        ("client_max_window_bits", MinBits, true) => this,
        ("client_max_window_bits", > MinBits, true) => this with { ClientMaxWindowBits = bits },
        _ => null,
    };

    // From 8 to 15, without leading zeros; quotes may be around it.
    private static int? BitsOf(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        text = text is ['"', .. var quoted, '"'] ? quoted : text;
        return text is [not '0', ..] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits is >= MinBits and <= MaxBits
            ? bits
            : null;
    }
}
