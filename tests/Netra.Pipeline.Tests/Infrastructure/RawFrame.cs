using System.Buffers.Binary;
using System.Text;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>One WebSocket frame as it was on the wire.</summary>
internal sealed record RawFrame(byte FirstByte, byte[] Payload)
{
    public const byte Text = 1;
    public const byte Binary = 2;
    public const byte Close = 8;
    public const byte Ping = 9;
    public const byte Pong = 10;

    public bool IsFinal => (FirstByte & 0x80) != 0;

    public int Opcode => FirstByte & 0x0F;

    public int ReservedBits => FirstByte & 0x70;

    public string PayloadText => Encoding.UTF8.GetString(Payload);

    /// <summary>The status of a close frame; null when it has none.</summary>
    public int? CloseStatus => Opcode == Close && Payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(Payload) : null;

    public string CloseReason => Encoding.UTF8.GetString(Payload.AsSpan(Math.Min(2, Payload.Length)));

    /// <summary>A frame as a client sends it.</summary>
    /// <param name="opcode">What it is.</param>
    /// <param name="payload">What it carries.</param>
    /// <param name="final">Whether the message ends with it.</param>
    /// <param name="masked">Every client must; a hostile one does not.</param>
    /// <param name="reserved">The bits RSV1 to RSV3, in place (0x40, 0x20, 0x10).</param>
    public static byte[] Encode(int opcode, ReadOnlySpan<byte> payload, bool final = true, bool masked = true, int reserved = 0)
    {
        var frame = new List<byte>(payload.Length + 14) { (byte)((final ? 0x80 : 0) | reserved | opcode) };
        var mask = masked ? 0x80 : 0;
        Span<byte> length = stackalloc byte[8];
        if (payload.Length < 126)
        {
            frame.Add((byte)(mask | payload.Length));
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame.Add((byte)(mask | 126));
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
            frame.AddRange(length[..2]);
        }
        else
        {
            frame.Add((byte)(mask | 127));
            BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
            frame.AddRange(length);
        }

        ReadOnlySpan<byte> key = [0x37, 0xFA, 0x21, 0x3D];
        if (masked)
        {
            frame.AddRange(key);
        }

        for (var i = 0; i < payload.Length; i++)
        {
            frame.Add((byte)(payload[i] ^ (masked ? key[i % 4] : 0)));
        }

        return [.. frame];
    }

    public static byte[] Encode(string text) => Encode(Text, Encoding.UTF8.GetBytes(text));
}
