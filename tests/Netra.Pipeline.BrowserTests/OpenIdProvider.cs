using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.BrowserTests;

/// <summary>
/// An OpenID Connect provider of another site than the server's, with a page on which whoever comes says who they are. Codes are good once,
/// and for the verifier that they were asked for with (RFC 7636).
/// </summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "netra-page";

    private readonly WebApplication _app;
    private readonly RSA _key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, (string Challenge, string IdToken)> _codes = new(StringComparer.Ordinal);

    private OpenIdProvider(WebApplication app) => _app = app;

    /// <summary>Where it is: by name, and the server by number, which are two sites for a browser.</summary>
    public string Address => $"http://localhost:{new Uri(_app.Urls.First()).Port}";

    public static async Task<OpenIdProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new OpenIdProvider(app);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = provider.Address,
            jwks_uri = $"{provider.Address}/keys",
            authorization_endpoint = $"{provider.Address}/authorize",
            token_endpoint = $"{provider.Address}/token",
        }));
        app.MapGet("/keys", () => Results.Json(new { keys = new[] { provider.PublicKey() } }));
        app.MapGet("/authorize", static (HttpRequest request) => Results.Content(
            $"""<!doctype html><title>Provider</title><form action="/approve{request.QueryString}" method="post"><input name="user" """
            + """aria-label="Name"><input name="org" aria-label="Company"><button>Sign in</button></form>""",
            "text/html"));
        app.MapPost("/approve", provider.ApproveAsync);
        app.MapPost("/token", provider.ExchangeAsync);
        await app.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private async Task<IResult> ApproveAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var (query, code) = (request.Query, Guid.NewGuid().ToString("N"));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["iss"] = Address,
            ["aud"] = ClientId,
            ["sub"] = form["user"].Single(),
            ["org"] = form["org"].Single(),
            ["nonce"] = query["nonce"].Single(),
            ["iat"] = now,
            ["exp"] = now + 300,
        };
        _codes[code] = (query["code_challenge"].Single()!, Sign(claims));
        return Results.Redirect(QueryHelpers.AddQueryString(
            query["redirect_uri"].Single()!,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["code"] = code, ["state"] = query["state"].Single() }));
    }

    private async Task<IResult> ExchangeAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var verifier = SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].Single()!));
        return _codes.TryRemove(form["code"].Single()!, out var code) && code.Challenge == Base64Url.EncodeToString(verifier)
            ? Results.Json(new { access_token = "opaque", token_type = "Bearer", id_token = code.IdToken })
            : Results.BadRequest();
    }

    private object PublicKey()
    {
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        return new
        {
            kty = "RSA",
            use = "sig",
            kid = "k1",
            n = Base64Url.EncodeToString(parameters.Modulus),
            e = Base64Url.EncodeToString(parameters.Exponent),
        };
    }

    private string Sign(Dictionary<string, object?> claims)
    {
        var text = $"{Part(new { alg = "RS256", kid = "k1", typ = "JWT" })}.{Part(claims)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
