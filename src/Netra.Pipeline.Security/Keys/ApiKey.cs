using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Access;

namespace Netra.Pipeline.Security.Keys;

/// <summary>An API key, as it is kept: everything but the key itself (docs/protocol.md, section 12). Immutable.</summary>
/// <param name="Id">Names it; the beginning of the key, and no secret.</param>
/// <param name="Name">The publisher, or the operator's program, whose it is; several keys may have one name.</param>
/// <param name="Hash">The SHA-256 of the key, whose 256 random bits need no slower hash.</param>
/// <param name="Rights">What it is for.</param>
/// <param name="Users">For which users.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
/// <param name="RevokedAt">When it was revoked; null where it was not.</param>
internal sealed record ApiKey(
    string Id,
    string Name,
    byte[] Hash,
    AccessRights Rights,
    UserPattern Users,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt)
{
    /// <summary>What every key begins with, so that scanners of repositories and logs find it.</summary>
    public const string Prefix = "nk_";

    /// <summary>What the name of a key's sessions, among credentials, begins with; the key's id follows.</summary>
    public const string SessionPrefix = "$key/";

    /// <summary>How long a name may be, in characters.</summary>
    public const int MaxNameChars = 64;

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int IdChars = 11;
    private const int SecretChars = 43;

    private static readonly SearchValues<char> KeyChars = SearchValues.Create(Alphabet);
    private static readonly SearchValues<char> NameChars = SearchValues.Create(Alphabet + "-_.");

    /// <summary>Makes a key.</summary>
    /// <param name="name">Whose it is.</param>
    /// <param name="rights">What it is for.</param>
    /// <param name="users">For which users.</param>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">When it ends; null for never.</param>
    /// <param name="key">The key itself, which is told once and kept nowhere.</param>
    public static ApiKey Make(
        string name, AccessRights rights, UserPattern users, DateTimeOffset now, DateTimeOffset? expiresAt, out string key)
    {
        var id = RandomNumberGenerator.GetString(Alphabet, IdChars);
        key = Prefix + id + RandomNumberGenerator.GetString(Alphabet, SecretChars);
        return new ApiKey(id, name, HashOf(key), rights, users, now, expiresAt, RevokedAt: null);
    }

    /// <summary>The id in a key; null where it cannot be one.</summary>
    public static string? IdOf(string key)
        => key.Length == Prefix.Length + IdChars + SecretChars
            && key.StartsWith(Prefix, StringComparison.Ordinal)
            && !key.AsSpan(Prefix.Length).ContainsAnyExcept(KeyChars) ? key.Substring(Prefix.Length, IdChars) : null;

    /// <summary>What is wrong with a name; null when nothing is.</summary>
    public static string? ProblemOfName(string name)
        => name.Length is 0 or > MaxNameChars || name.AsSpan().ContainsAnyExcept(NameChars)
            ? $"the name must have 1 to {MaxNameChars} letters, digits, '-', '_' and '.'"
            : null;

    /// <summary>What is wrong with rights for some users; null when nothing is.</summary>
    public static string? ProblemOf(AccessRights rights, UserPattern users)
        => users.OwnTenant is { Length: > 0 } tenantId && (rights & ~AccessRights.OfTenant) != AccessRights.None
            ? $"a key of the tenant '{tenantId}' may have {string.Join(", ", AccessRightNames.NamesOf(AccessRights.OfTenant))}; "
                + "view, act and configure are about the whole server"
            : null;

    /// <summary>Whether a key is this one. It takes as long whatever it is.</summary>
    public bool Is(string key) => CryptographicOperations.FixedTimeEquals(HashOf(key), Hash);

    /// <summary>Whether it is good at a time.</summary>
    public bool IsAlive(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is not { } end || now < end);

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
