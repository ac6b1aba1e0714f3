namespace Netra.Pipeline.Connections;

/// <summary>Whom an authenticator has found, and how long that holds.</summary>
/// <param name="UserId">The user's id: 1 to 256 bytes of UTF-8, no control characters, not beginning with <c>$</c>.</param>
public sealed record ConnectionIdentity(string UserId)
{
    /// <summary>The user's tenant, of the same form as the user's id, and not <c>*</c>. Empty, the default, for none.</summary>
    public string TenantId { get; init; } = string.Empty;

    /// <summary>
    /// When the credential ends, and the connection with it unless a new one comes (<c>authenticate</c>). <see langword="null"/>, the
    /// default, for one without an end.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Names the credential, so that it can be revoked by itself: a token's <c>jti</c>. Not a secret. Default: none.</summary>
    public string? CredentialId { get; init; }

    /// <summary>When the credential was issued; default: when the authenticator was asked.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>The user's key.</summary>
    internal string UserKey => Tenants.UserKey.Of(TenantId, UserId);
}
