using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Netra.Pipeline.Load.Clients;

/// <summary>One frame of RFC 6455, as servers send them: without a mask.</summary>
/// <param name="Opcode">Its kind.</param>
/// <param name="IsFinal">Whether its message ends with it.</param>
/// <param name="HeaderLength">How long its header is.</param>
/// <param name="PayloadLength">How long its payload is.</param>
internal readonly record struct ClientFrame(int Opcode, bool IsFinal, int HeaderLength, int PayloadLength)
{
    public const int Continuation = 0x0;
    public const int Text = 0x1;
    public const int Binary = 0x2;
    public const int Close = 0x8;
    public const int Ping = 0x9;
    public const int Pong = 0xA;

    /// <summary>The longest payload whose length is in the second byte, and of control frames.</summary>
    public const int MaxShort = 125;
    private const int MaskLength = 4;

    public int Length => HeaderLength + PayloadLength;

    /// <summary>Reads a header.</summary>
    /// <returns>False when more bytes are needed for it.</returns>
    /// <exception cref="InvalidDataException">No server may send this.</exception>
    public static bool TryRead(ReadOnlySpan<byte> data, int maxPayload, out ClientFrame frame)
    {
        frame = default;
        if (data.Length < 2)
        {
            return false;
        }

        if ((data[0] & 0x70) != 0 || (data[1] & 0x80) != 0)
        {
            throw new InvalidDataException($"a frame begins with 0x{data[0]:x2} 0x{data[1]:x2}: masked, or of an unknown extension");
        }

        long length = data[1];
        var header = 2;
        if (length > MaxShort)
        {
            header += length == MaxShort + 1 ? sizeof(ushort) : sizeof(ulong);
            if (data.Length < header)
            {
                return false;
            }

            length = header == 2 + sizeof(ushort)
                ? BinaryPrimitives.ReadUInt16BigEndian(data[2..])
                : BinaryPrimitives.ReadInt64BigEndian(data[2..]);
        }

        if (length < 0 || length > maxPayload)
        {
            throw new InvalidDataException($"a frame of {length} bytes; at most {maxPayload} are read");
        }

        frame = new ClientFrame(data[0] & 0x0F, (data[0] & 0x80) != 0, header, (int)length);
        return true;
    }

    /// <summary>How long a frame of a client is, its mask included.</summary>
    public static int LengthOf(int payload)
        => 2 + MaskLength + payload + (payload <= MaxShort ? 0 : payload <= ushort.MaxValue ? sizeof(ushort) : sizeof(ulong));

    /// <summary>Writes a frame of a client, masked.</summary>
    /// <param name="opcode">Its kind.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="target">As long as <see cref="LengthOf"/> says.</param>
    public static void Write(int opcode, ReadOnlySpan<byte> payload, Span<byte> target)
    {
        target[0] = (byte)(0x80 | opcode);
        var at = 2;
        if (payload.Length <= MaxShort)
        {
            target[1] = (byte)(0x80 | payload.Length);
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            target[1] = 0x80 | (MaxShort + 1);
            BinaryPrimitives.WriteUInt16BigEndian(target[at..], (ushort)payload.Length);
            at += sizeof(ushort);
        }
        else
        {
            target[1] = 0x80 | (MaxShort + 2);
            BinaryPrimitives.WriteInt64BigEndian(target[at..], payload.Length);
            at += sizeof(ulong);
        }

        var mask = target.Slice(at, MaskLength);
        RandomNumberGenerator.Fill(mask);
        at += MaskLength;
        for (var i = 0; i < payload.Length; i++)
        {
            target[at + i] = (byte)(payload[i] ^ mask[i & 3]);
        }
    }
}
