using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Security;

/// <summary>
/// Whose tokens are taken, and for how long (docs/protocol.md, section 12). Configuration section <c>Netra:Authentication</c>. Tokens are
/// taken where one source of keys is given: <see cref="Keys"/>, <see cref="JwksFile"/>, <see cref="JwksUrl"/> or <see cref="Authority"/>.
/// </summary>
public sealed class CredentialOptions
{
    /// <summary>The issuer that tokens must name (<c>iss</c>). Needed, but for <see cref="Authority"/>, which says it itself.</summary>
    public string? Issuer { get; set; }

    /// <summary>The audience that tokens must name (<c>aud</c>). Needed.</summary>
    public string? Audience { get; set; }

    /// <summary>
    /// An OpenID Connect provider, whose keys and issuer are found by discovery: the URL below which
    /// <c>/.well-known/openid-configuration</c> is. HTTPS, but on this machine.
    /// </summary>
    public string? Authority { get; set; }

    /// <summary>The URL of a JSON Web Key Set (RFC 7517). HTTPS, but on this machine.</summary>
    public string? JwksUrl { get; set; }

    /// <summary>The file of a JSON Web Key Set; it is read again when it changes.</summary>
    public string? JwksFile { get; set; }

    /// <summary>Keys that are given here. Default: none.</summary>
    public IList<TokenKeyOptions> Keys { get; } = [];

    /// <summary>The claim that is the user's id. Default <c>sub</c>.</summary>
    [Required]
    public string UserClaim { get; set; } = "sub";

    /// <summary>
    /// The claim that is the user's tenant, where there are tenants (docs/protocol.md, section 12.5). Default: none, and no user of a token
    /// has a tenant.
    /// </summary>
    public string? TenantClaim { get; set; }

    /// <summary>
    /// The claim that names rights, as <c>netra.publish</c>: a list, or words with spaces between them. Default <c>roles</c>.
    /// </summary>
    [Required]
    public string RolesClaim { get; set; } = "roles";

    /// <summary>How far clocks may be apart. Range 0 to 5 min, default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a token may live: one that lives longer is refused. Revocations are remembered for as long. Range 1 min to 365 days,
    /// default 24 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MaxTokenLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a ticket is good for. Range 1 s to 10 min, default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether tokens may stand in the query of a URL (<c>?token=…</c>), where proxies and browsers write them into their logs and
    /// histories. Default: no.
    /// </summary>
    public bool AllowTokenInQuery { get; set; }

    /// <summary>The standalone server's id at <see cref="Authority"/>, for pages that people sign in to there. Default: none.</summary>
    public string? ClientId { get; set; }

    /// <summary>The secret that belongs to <see cref="ClientId"/>; none for a public client.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>How long a sign-in to the pages holds. Range 1 min to 30 days, default 12 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How long revocations are remembered: until everything that they are about has ended by itself.</summary>
    internal TimeSpan LongestLife
        => (MaxTokenLifetime > SessionLifetime ? MaxTokenLifetime : SessionLifetime) + (2 * ClockSkew);

    internal bool HasTenants => TenantClaim is { Length: > 0 };

    internal bool HasTokens => Keys.Count > 0 || JwksFile is { Length: > 0 } || JwksUrl is { Length: > 0 } || Authority is { Length: > 0 };
}

/// <summary>A key that tokens are signed with. One of <see cref="Secret"/>, <see cref="Pem"/> and <see cref="File"/>.</summary>
public sealed class TokenKeyOptions
{
    /// <summary>The key's id, as tokens name it (<c>kid</c>). Default: none; then it is tried for all.</summary>
    public string? KeyId { get; set; }

    /// <summary>A secret, for HS256 to HS512: 32 bytes of UTF-8 at least.</summary>
    public string? Secret { get; set; }

    /// <summary>A public key in PEM form, RSA or EC, for RS, PS and ES.</summary>
    public string? Pem { get; set; }

    /// <summary>A file with a public key in PEM form.</summary>
    public string? File { get; set; }
}
