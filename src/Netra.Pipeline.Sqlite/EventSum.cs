using System.Buffers.Binary;
using System.Numerics;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The check sum of a row of the table <c>events</c>, CRC-32C over what it says: SQLite finds a page whose structure is damaged, and not a
/// byte of text that has changed on the disk. Stateless.
/// </summary>
internal static class EventSum
{
    public static long Of(long stream, long seq, long run, long at, int type, ReadOnlySpan<byte> payload)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, (ulong)stream);
        sum = BitOperations.Crc32C(sum, (ulong)seq);
        sum = BitOperations.Crc32C(sum, (ulong)run);
        sum = BitOperations.Crc32C(sum, (ulong)at);
        sum = BitOperations.Crc32C(sum, (uint)type);
        for (; payload.Length >= sizeof(ulong); payload = payload[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(payload));
        }

        foreach (var last in payload)
        {
            sum = BitOperations.Crc32C(sum, last);
        }

        return ~sum;
    }

    /// <summary>Compares a row with its check sum; one that an older version has stored has none.</summary>
    /// <param name="row">The row; its type, payload, run, time and check sum are in columns one after the other.</param>
    /// <param name="typeColumn">The first of these columns.</param>
    /// <param name="stream">The row's stream.</param>
    /// <param name="seq">The row's number.</param>
    public static bool IsRight(SqliteStatement row, int typeColumn, long stream, long seq)
        => row.IsNull(typeColumn + 4)
            || row.Int64(typeColumn + 4) == Of(
                stream, seq, row.Int64(typeColumn + 2), row.Int64(typeColumn + 3), row.Int32(typeColumn), row.Blob(typeColumn + 1));
}
