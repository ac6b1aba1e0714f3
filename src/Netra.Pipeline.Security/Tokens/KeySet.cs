using Microsoft.IdentityModel.Tokens;

namespace Netra.Pipeline.Security.Tokens;

/// <summary>The keys that are known at the moment, and the issuer whose they are where the source says it.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Issuer">The issuer; null where the configuration says it.</param>
internal sealed record KeySet(IReadOnlyList<SecurityKey> Keys, string? Issuer = null)
{
    /// <summary>Whether a token that names this key can be checked; one that names none can be tried with all.</summary>
    public bool Knows(string? keyId)
        => string.IsNullOrEmpty(keyId) || Keys.Any(key => key.KeyId is not { Length: > 0 } own || own == keyId);

    /// <summary>Whether it has a key of this very name.</summary>
    public bool Has(string? keyId) => !string.IsNullOrEmpty(keyId) && Keys.Any(key => key.KeyId == keyId);
}
