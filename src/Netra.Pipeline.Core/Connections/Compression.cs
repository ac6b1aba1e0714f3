using System.Globalization;
using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Agrees with clients on permessage-deflate (RFC 7692), where it is on. A context (what a side has said before, to compress the next
/// message with) costs memory for as long as the connection lives, so only so many connections have one of the server's; clients are never
/// granted theirs. Safe from any thread.
/// </summary>
internal sealed class Compression(IOptions<WebSocketDoorOptions> options)
{
    // A window of 4 KB: what is said on one connection repeats itself within a few messages.
    private const int WindowBits = 12;

    private int _contexts;

    /// <summary>How many connections have a context.</summary>
    public int Contexts => Volatile.Read(ref _contexts);

    /// <summary>Answers what a client offers.</summary>
    /// <param name="extensions">Its <c>Sec-WebSocket-Extensions</c>.</param>
    /// <returns>What to answer, to be given back to <see cref="End"/>; null for nothing.</returns>
    public CompressionAgreement? Agree(StringValues extensions)
    {
        if (!options.Value.Compression || CompressionOffer.FirstOf(extensions) is not { } offer)
        {
            return null;
        }

        var keeps = offer.ServerKeepsContext && TryTakeContext();
        var serverBits = Math.Min(WindowBits, offer.ServerMaxWindowBits ?? WindowBits);

        // Without its consent the client's window is as large as it likes.
        var clientBits = offer.ClientMaxWindowBits is { } most ? Math.Min(WindowBits, most) : 15;
        var answer = string.Create(
            CultureInfo.InvariantCulture,
            $"{CompressionOffer.Name}; server_max_window_bits={serverBits}; client_no_context_takeover"
            + $"{(keeps ? "" : "; server_no_context_takeover")}"
            + $"{(offer.ClientMaxWindowBits is not null ? $"; client_max_window_bits={clientBits}" : "")}");
        return new CompressionAgreement(
            answer,
            new WebSocketDeflateOptions
            {
                ServerContextTakeover = keeps,
                ServerMaxWindowBits = serverBits,
                ClientContextTakeover = false,
                ClientMaxWindowBits = clientBits,
            });
    }

    /// <summary>A connection has ended.</summary>
    public void End(CompressionAgreement? agreement)
    {
        if (agreement is { Options.ServerContextTakeover: true })
        {
            Interlocked.Decrement(ref _contexts);
        }
    }

    private bool TryTakeContext()
    {
        if (Interlocked.Increment(ref _contexts) <= options.Value.CompressionContexts)
        {
            return true;
        }

        Interlocked.Decrement(ref _contexts);
        return false;
    }
}

/// <summary>What a client and the server have agreed on.</summary>
/// <param name="Answer">The answer's <c>Sec-WebSocket-Extensions</c>.</param>
/// <param name="Options">The same for the WebSocket.</param>
internal sealed record CompressionAgreement(string Answer, WebSocketDeflateOptions Options);
