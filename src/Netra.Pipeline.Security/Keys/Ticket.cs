using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Security.Keys;

/// <summary>What a ticket stands for (docs/protocol.md, section 12.2). Immutable.</summary>
/// <param name="UserKey">The user's key.</param>
/// <param name="CredentialId">The credential that it was given for, if that has a name.</param>
/// <param name="IssuedAt">When that was issued.</param>
/// <param name="EndsAt">When that ends, and the connection with it; null for never.</param>
internal sealed record Ticket(string UserKey, string? CredentialId, DateTimeOffset? IssuedAt, DateTimeOffset? EndsAt)
{
    /// <summary>What every ticket begins with.</summary>
    public const string Prefix = "nt_";

    private const int SecretBytes = 32;

    /// <summary>A new ticket, to be told once, and what is kept of it.</summary>
    public static (string Text, byte[] Hash) MakeText()
    {
        var text = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return (text, HashOf(text));
    }

    /// <summary>What is kept of a ticket.</summary>
    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
