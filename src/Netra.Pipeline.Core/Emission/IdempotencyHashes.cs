using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>
/// What is remembered of an event that must not be made twice: 128 bits each of SHA-256, so that nobody can make two of them meet.
/// </summary>
/// <param name="Key">The hash of the key, and of whose it is.</param>
/// <param name="Content">The hash of what is published under it.</param>
internal readonly record struct IdempotencyHashes(UInt128 Key, UInt128 Content)
{
    private const int MostTextBytes = 512;

    /// <summary>The hashes of an event under a publisher's key.</summary>
    /// <param name="publisher">Whose key it is.</param>
    /// <param name="key">The key.</param>
    /// <param name="context">Whose event it is.</param>
    /// <param name="attempt">The attempt of the run that it names; null where it names none.</param>
    /// <param name="data">The event; its JSON compact, so that white space makes no difference.</param>
    public static IdempotencyHashes Of(string publisher, string key, UserExecutionContext context, int? attempt, in PublishedData data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "key"u8);
        Append(hash, publisher);
        if (context.TenantId is { Length: > 0 } tenantId)
        {
            // Not where there is none: keys from before there were tenants hold on.
            Append(hash, tenantId);
        }

        Append(hash, key);
        var keyHash = Finish(hash);
        Append(hash, context.UserKey);
        Append(hash, context.ThreadId);
        Append(hash, context.RunId);
        Append(hash, EventTypes.Utf8Name(data.Type));
        Append(hash, data.Json.Span);
        if (attempt is { } named)
        {
            Append(hash, named.ToString(CultureInfo.InvariantCulture));
        }

        return new IdempotencyHashes(keyHash, Finish(hash));
    }

    /// <summary>The hashes of an event that is sent again. No publisher's key can meet them.</summary>
    /// <param name="eventId">The id of the event it repeats.</param>
    public static IdempotencyHashes OfReplay(string eventId)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "replay_of"u8);
        Append(hash, eventId);
        return new IdempotencyHashes(Finish(hash), 0);
    }

    /// <summary>The hashes of a user's message. No publisher's key can meet them.</summary>
    /// <param name="userId">The user, whose key it is.</param>
    /// <param name="messageId">The id that the page gave it.</param>
    /// <param name="threadId">Its thread.</param>
    /// <param name="content">What it says.</param>
    /// <param name="data">What the page added, as it is written; null for nothing.</param>
    public static IdempotencyHashes OfMessage(string userId, string messageId, string threadId, string content, string? data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "message"u8);
        Append(hash, userId);
        Append(hash, messageId);
        var keyHash = Finish(hash);
        Append(hash, threadId);
        Append(hash, content);
        Append(hash, data ?? string.Empty);
        return new IdempotencyHashes(keyHash, Finish(hash));
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Span<byte> utf8 = bytes <= MostTextBytes ? stackalloc byte[MostTextBytes] : new byte[bytes];
        Append(hash, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    // Each part is preceded by its length, or "ab" and "c" would be "a" and "bc".
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }

    private static UInt128 Finish(IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
