using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.EventStreams;

/// <summary>
/// Writes the lines of one event stream (docs/protocol.md, section 9.3; the HTML standard, section 9.2). An id is epoch, coverage and
/// cursor, joined by dots: what a browser sends back as <c>Last-Event-ID</c>.
/// </summary>
/// <param name="epoch">The epoch.</param>
/// <param name="from">Where the connection's coverage begins.</param>
internal sealed class EventStreamFormat(string epoch, long from)
{
    private const int NumberBytes = 20;

    private readonly byte[] _id = Encoding.ASCII.GetBytes($"id: {epoch}.{from}.");

    /// <summary>How long a browser waits before it reconnects by itself; our own clients wait as section 5 says.</summary>
    public static void WriteRetry(IBufferWriter<byte> output) => output.Write("retry: 1000\n"u8);

    /// <summary>A line that no application sees: a sign of life for proxies and the peer.</summary>
    public static void WriteComment(IBufferWriter<byte> output) => output.Write(":\n\n"u8);

    /// <summary>The last event of a stream.</summary>
    public static void WriteEnd(IBufferWriter<byte> output, ConnectionEndReasonInfo reason)
    {
        var reconnect = reason.MayReconnect ? "true" : "false";
        output.Write(
            Encoding.ASCII.GetBytes($"event: end\ndata: {{\"reason\":\"{reason.WireName}\",\"reconnect\":{reconnect}}}\n\n"));
    }

    /// <summary>One message.</summary>
    /// <param name="output">Where it is written.</param>
    /// <param name="json">The message.</param>
    /// <param name="cursor">The cursor of a client that has received it; null when it does not move the cursor.</param>
    public void WriteMessage(IBufferWriter<byte> output, ReadOnlySpan<byte> json, long? cursor)
    {
        if (cursor is { } seq)
        {
            output.Write(_id);
            Utf8Formatter.TryFormat(seq, output.GetSpan(NumberBytes), out var digits);
            output.Advance(digits);
            output.Write("\n"u8);
        }

        output.Write("data: "u8);

        // Our own JSON has no line ends, but a backend's JSON may have some between its tokens. The client joins the lines again.
        while (json.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
        {
            output.Write(json[..end]);
            output.Write("\ndata: "u8);
            json = json[(end + 1)..];
        }

        output.Write(json);
        output.Write("\n\n"u8);
    }
}
