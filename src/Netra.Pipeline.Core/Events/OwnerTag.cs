using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Events;

/// <summary>
/// Eight bytes that say whose event a buffer is. They are hashed from the emitter's context when an event is made, and from the
/// authenticated identity when a connection is; the last step before the socket compares the two. So a connection registered under the
/// wrong user, a wrong row of the log or a reused buffer is stopped there, whatever went wrong before.
/// </summary>
internal static class OwnerTag
{
    /// <summary>The length of a tag at the beginning of every event's buffer.</summary>
    public const int Length = sizeof(ulong);

    public static ulong Of(string userId)
        => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(userId)));

    public static ulong Read(ReadOnlySpan<byte> buffer) => BinaryPrimitives.ReadUInt64LittleEndian(buffer);

    public static void Write(Span<byte> buffer, ulong tag) => BinaryPrimitives.WriteUInt64LittleEndian(buffer, tag);
}
