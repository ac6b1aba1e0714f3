using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Ranges of numbers as bytes: for each, the distance from the end of the one before and its length less one, as variable-length
/// integers of 7 bits a byte. Stateless.
/// </summary>
internal static class RangeBlob
{
    /// <summary>How many bytes a number takes at most.</summary>
    public const int MaxNumberLength = 10;

    public static byte[] Write(ReadOnlySpan<SeqRange> ranges)
    {
        if (ranges.IsEmpty)
        {
            return [];
        }

        var bytes = new byte[ranges.Length * 2 * MaxNumberLength];
        var (length, end) = (0, 0L);
        foreach (var range in ranges)
        {
            length += WriteNumber(bytes.AsSpan(length), (ulong)(range.From - end));
            length += WriteNumber(bytes.AsSpan(length), (ulong)(range.To - range.From));
            end = range.To;
        }

        return bytes[..length];
    }

    /// <exception cref="InvalidDataException">The bytes were not made by <see cref="Write"/>.</exception>
    public static SeqRange[] Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return [];
        }

        var ranges = new List<SeqRange>();
        var end = 0L;
        while (!bytes.IsEmpty)
        {
            var from = end + ReadNumber(ref bytes);
            var to = from + ReadNumber(ref bytes);
            if (from <= end || to < from)
            {
                throw new InvalidDataException("Stored ranges do not ascend.");
            }

            ranges.Add(new SeqRange(from, to));
            end = to;
        }

        return [.. ranges];
    }

    /// <summary>Writes a number.</summary>
    /// <returns>How many bytes it takes.</returns>
    public static int WriteNumber(Span<byte> bytes, ulong number)
    {
        var length = 0;
        for (; number >= 0x80; number >>= 7)
        {
            bytes[length++] = (byte)(number | 0x80);
        }

        bytes[length++] = (byte)number;
        return length;
    }

    /// <summary>Reads a number, and passes over it.</summary>
    /// <exception cref="InvalidDataException">The bytes end in the middle of it.</exception>
    public static long ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        var number = 0L;
        for (var (i, shift) = (0, 0); i < bytes.Length && shift < 63; i++, shift += 7)
        {
            number |= (long)(bytes[i] & 0x7f) << shift;
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return number;
            }
        }

        throw new InvalidDataException("Stored ranges end in the middle.");
    }
}
