using System.Text;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Frames of a client, as bytes.</summary>
internal static class Frames
{
    private const int FinalBit = 0x80;

    /// <summary>A text.</summary>
    public static byte[] Text(string text) => Of(ClientFrame.Text, Encoding.UTF8.GetBytes(text));

    /// <summary>A frame.</summary>
    public static byte[] Of(int opcode, ReadOnlySpan<byte> payload, bool isFinal = true)
    {
        var frame = new byte[ClientFrame.LengthOf(payload.Length)];
        ClientFrame.Write(opcode, payload, frame);
        frame[0] = (byte)(isFinal ? frame[0] : frame[0] & ~FinalBit);
        return frame;
    }

    /// <summary>The same many times.</summary>
    public static byte[] Many(byte[] frame, int count)
    {
        var many = new byte[frame.Length * count];
        for (var i = 0; i < count; i++)
        {
            frame.CopyTo(many, i * frame.Length);
        }

        return many;
    }
}
