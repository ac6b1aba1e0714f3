using System.Buffers.Binary;
using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>keys</c> of one connection. Rows come in order of time, and as all keys are kept equally long, the oldest go first.
/// </summary>
internal sealed class KeyTable(SqliteDatabase database)
{
    private const int HashBytes = 16;

    // No key is kept longer (PublishOptions.IdempotencyWindow).
    private const long LongestKept = 30 * TimeSpan.TicksPerDay;
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT OR REPLACE INTO keys(hash, content, stream, seq, status, expires) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    private readonly SqliteStatement _find = database.Prepare(
        "SELECT k.content, s.key, k.seq, k.status FROM keys AS k JOIN streams AS s ON s.id = k.stream WHERE k.hash = ?1");
    private readonly SqliteStatement _expired = database.Prepare("SELECT id, expires FROM keys ORDER BY id LIMIT ?1");
    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM keys WHERE id <= ?1");

    public void Insert(PublishKey key, long stream, long seq)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        Span<byte> content = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(hash, key.Hash);
        BinaryPrimitives.WriteUInt128LittleEndian(content, key.Content);
        _insert.Bind(1, hash).Bind(2, content).Bind(3, stream).Bind(4, seq).Bind(5, (long)key.WaitForStatus())
            .Bind(6, key.KeptUntil.UtcTicks).Execute();
    }

    public StoredKey? Find(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash);
        using var rows = _find.Bind(1, bytes).Query();
        return rows.Next()
            ? new StoredKey(
                BinaryPrimitives.ReadUInt128LittleEndian(_find.Blob(0)), (ulong)_find.Int64(1), _find.Int64(2), (EventStatus)_find.Int32(3))
            : null;
    }

    /// <summary>Deletes the oldest keys whose time is over.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Expire(DateTimeOffset now, int limit)
    {
        var (count, seen, last) = (0, 0, 0L);
        using (var rows = _expired.Bind(1, limit).Query())
        {
            while (rows.Next())
            {
                var expires = _expired.Int64(1);
                seen++;
                if (expires <= now.UtcTicks)
                {
                    (count, last) = (seen, _expired.Int64(0));
                }
                else if (expires <= now.UtcTicks + LongestKept)
                {
                    break;
                }

                // One from the future, of an older version under a wrong clock, goes with the first of those behind it.
            }
        }

        if (count > 0)
        {
            _delete.Bind(1, last).Execute();
        }

        return count == limit;
    }
}
