namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Which runs some events belong to, each once: the keys that <see cref="EventRow.Run"/> has, without 0. As bytes they are variable-length
/// integers of 7 bits a byte, twice the key, or one less than twice its amount for a negative one. Stateless.
/// </summary>
internal static class RunKeys
{
    /// <summary>The keys with another one. The array is never changed.</summary>
    /// <param name="keys">The keys; null while they are not known.</param>
    /// <param name="run">The other one.</param>
    public static long[]? With(long[]? keys, long run)
        => keys is null || run == 0 || (keys.Length > 0 && keys[^1] == run) || Array.IndexOf(keys, run) >= 0 ? keys : [.. keys, run];

    public static byte[] Write(long[] keys)
    {
        if (keys.Length == 0)
        {
            return [];
        }

        var bytes = new byte[keys.Length * RangeBlob.MaxNumberLength];
        var length = 0;
        foreach (var key in keys)
        {
            length += RangeBlob.WriteNumber(bytes.AsSpan(length), ((ulong)key << 1) ^ (ulong)(key >> 63));
        }

        return bytes[..length];
    }

    /// <exception cref="InvalidDataException">The bytes were not made by <see cref="Write"/>.</exception>
    public static long[] Read(ReadOnlySpan<byte> bytes)
    {
        var keys = new List<long>();
        while (!bytes.IsEmpty)
        {
            var number = RangeBlob.ReadNumber(ref bytes);
            keys.Add((long)((ulong)number >> 1) ^ -(number & 1));
        }

        return [.. keys];
    }
}
