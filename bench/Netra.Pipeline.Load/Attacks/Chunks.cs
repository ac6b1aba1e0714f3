using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Chunks of HTTP/1.1.</summary>
internal static class Chunks
{
    public static ReadOnlyMemory<byte> Last { get; } = "0\r\n\r\n"u8.ToArray();

    /// <summary>A text as one chunk.</summary>
    public static byte[] Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes as one chunk.</summary>
    public static byte[] Of(ReadOnlySpan<byte> bytes)
        => [.. Encoding.ASCII.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. bytes, .. "\r\n"u8];
}
