using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Issues tokens with a key of its own, good ones and others.</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Issuer = "https://issuer.test";
    public const string Audience = "netra";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly IDisposable? _key;

    private TokenIssuer(SecurityKey key, string algorithm, string? pem, IDisposable? disposable)
        => (Key, Algorithm, Pem, _key) = (key, algorithm, pem, disposable);

    public SecurityKey Key { get; }

    public string Algorithm { get; set; }

    /// <summary>The public key; null for a secret.</summary>
    public string? Pem { get; }

    public static TokenIssuer Rsa(string algorithm = SecurityAlgorithms.RsaSha256, string? keyId = "k1")
    {
        var rsa = RSA.Create(2048);
        return new TokenIssuer(new RsaSecurityKey(rsa) { KeyId = keyId }, algorithm, rsa.ExportSubjectPublicKeyInfoPem(), rsa);
    }

    public static TokenIssuer Curve(ECCurve curve, string algorithm)
    {
        var key = ECDsa.Create(curve);
        return new TokenIssuer(new ECDsaSecurityKey(key) { KeyId = "k1" }, algorithm, key.ExportSubjectPublicKeyInfoPem(), key);
    }

    public static TokenIssuer OfSecret(string secret, string algorithm = SecurityAlgorithms.HmacSha256)
        => new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)) { KeyId = "k1" }, algorithm, pem: null, disposable: null);

    /// <summary>The settings of a server that takes its tokens.</summary>
    public IEnumerable<(string Key, string Value)> Settings(string? secret = null) =>
    [
        ("Netra:Authentication:Issuer", Issuer),
        ("Netra:Authentication:Audience", Audience),
        secret is null ? ("Netra:Authentication:Keys:0:Pem", Pem!) : ("Netra:Authentication:Keys:0:Secret", secret),
    ];

    /// <summary>Issues a token.</summary>
    /// <param name="user">Whom it names; null for nobody.</param>
    /// <param name="now">When it is issued.</param>
    /// <param name="lifetime">How long it lives; null for ever.</param>
    /// <param name="id">Its id; null for none.</param>
    /// <param name="roles">Its roles.</param>
    /// <param name="change">Changes its claims.</param>
    public string Issue(
        string? user,
        DateTimeOffset now,
        TimeSpan? lifetime,
        string? id = null,
        IReadOnlyList<string>? roles = null,
        Action<Dictionary<string, object>>? change = null)
    {
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["iat"] = now.ToUnixTimeSeconds(),
        };
        if (user is not null)
        {
            claims["sub"] = user;
        }

        if (lifetime is { } lives)
        {
            claims["exp"] = (now + lives).ToUnixTimeSeconds();
        }

        if (id is not null)
        {
            claims["jti"] = id;
        }

        if (roles is not null)
        {
            claims["roles"] = roles;
        }

        change?.Invoke(claims);
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new SigningCredentials(Key, Algorithm),
        });
    }

    /// <summary>A token that is good for an hour.</summary>
    public string Good(string user, IReadOnlyList<string>? roles = null, string? id = null)
        => Issue(user, TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1), id, roles);

    public void Dispose() => _key?.Dispose();
}
