using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Netra.Pipeline.Tests.Security;

/// <summary>A provider of keys over HTTP: a set, and the document that says where it is.</summary>
internal sealed class KeyProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;
    private string _idToken = string.Empty;

    private KeyProvider(WebApplication app, TokenIssuer issuer) => (_app, Keys) = (app, [issuer]);

    public TokenIssuer[] Keys { get; set; }

    /// <summary>Whether it answers with 503.</summary>
    public bool IsOut { get; set; }

    /// <summary>How often it was asked for the keys.</summary>
    public int Asked => Volatile.Read(ref _asked);

    private string Address => _app.Urls.First();

    public static async Task<KeyProvider> StartAsync(TokenIssuer issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new KeyProvider(app, issuer);
        app.MapGet("/keys", provider.Answer);
        app.MapPost("/token", provider.Exchange);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = TokenIssuer.Issuer,
            jwks_uri = $"{provider.Address}/keys",
            authorization_endpoint = $"{provider.Address}/authorize",
            token_endpoint = $"{provider.Address}/token",
        }));
        await app.StartAsync();
        return provider;
    }

    /// <summary>Signs somebody in.</summary>
    /// <returns>Where the provider sends the browser back to.</returns>
    public string Authorize(Uri challenge, string user, IReadOnlyList<string> roles)
    {
        var asked = QueryHelpers.ParseQuery(challenge.Query);
        Assert.That(asked["code_challenge_method"].Single(), Is.EqualTo("S256"));
        _idToken = Keys[0].Issue(
            user,
            TimeProvider.System.GetUtcNow(),
            TimeSpan.FromMinutes(5),
            roles: roles,
            change: claims => claims["nonce"] = asked["nonce"].Single()!);
        return QueryHelpers.AddQueryString(
            new Uri(asked["redirect_uri"].Single()!).AbsolutePath,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["code"] = "the-code", ["state"] = asked["state"].Single() });
    }

    /// <summary>A JSON Web Key Set.</summary>
    public static string SetOf(IEnumerable<TokenIssuer> issuers) => JsonSerializer.Serialize(new
    {
        keys = issuers.Select(static issuer => ((RsaSecurityKey)issuer.Key).Rsa.ExportParameters(includePrivateParameters: false) is var key
            ? new
            {
                kty = "RSA",
                use = "sig",
                kid = issuer.Key.KeyId,
                n = Base64UrlEncoder.Encode(key.Modulus),
                e = Base64UrlEncoder.Encode(key.Exponent),
            }
            : null),
    });

    /// <summary>The settings of a server that asks here.</summary>
    public IEnumerable<(string Key, string Value)> Settings(bool isDiscovered) =>
    [
        ("Netra:Authentication:Audience", TokenIssuer.Audience),
        .. isDiscovered
            ? new[] { ("Netra:Authentication:Authority", Address) }
            : [("Netra:Authentication:Issuer", TokenIssuer.Issuer), ("Netra:Authentication:JwksUrl", $"{Address}/keys")],
    ];

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<IResult> Exchange(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        return form["code"] == "the-code" && form.ContainsKey("code_verifier")
            ? Results.Json(new { access_token = "opaque", token_type = "Bearer", id_token = _idToken })
            : Results.BadRequest();
    }

    private IResult Answer()
    {
        Interlocked.Increment(ref _asked);
        return IsOut ? Results.StatusCode(503) : Results.Content(SetOf(Keys), "application/json");
    }
}
