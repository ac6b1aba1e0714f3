using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Netra.Pipeline.Tests.Security;

/// <summary>A provider of keys over HTTP: a set, and the document that says where it is.</summary>
internal sealed class KeyProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

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

    private IResult Answer()
    {
        Interlocked.Increment(ref _asked);
        return IsOut ? Results.StatusCode(503) : Results.Content(SetOf(Keys), "application/json");
    }
}
