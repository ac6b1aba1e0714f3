using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Access;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Security;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Server.CommandLine;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>What reads credentials, and values of the configuration.</summary>
internal static class CredentialTargets
{
    private const string User = "ada";

    public static IEnumerable<FuzzTarget> All(IServiceProvider services, TokenIssuer tokens, string secret)
    {
        var verifier = services.GetRequiredService<TokenVerifier>();
        var directory = services.GetRequiredService<AccessDirectory>();
        ApiKey.Make("ci", AccessRights.Publish, UserPattern.All, DateTimeOffset.UnixEpoch, expiresAt: null, out var key);
        string[] good =
        [
            tokens.Good(User, ["netra.publish", "other"], "id-1"),
            tokens.Issue(
                User, TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1), change: static claims => claims["tenant"] = "acme"),
        ];
        return
        [
            FuzzTarget.OfText("tokens", good, text => VerifyAsync(verifier, text, good)),
            FuzzTarget.OfText("payloads of tokens", [.. good.Select(PayloadOf)], text => VerifySignedAsync(verifier, secret, text)),
            FuzzTarget.OfText("credentials in requests", [$"Bearer {good[1]}", "netra.v1, bearer.a.b.c", key, "nt_x"], ReadCredential),
            FuzzTarget.OfText("API keys", [key], text =>
            {
                Assert.That(ApiKey.IdOf(text), Is.Null.Or.Length.EqualTo(11));
                Assert.That(directory.Find(text), Is.Null);
            }),
            FuzzTarget.OfText("patterns of users", ["team-*", "*", "ada"], ReadPattern),
            FuzzTarget.OfText("identifiers", ["ada", "a\u0301b", "\ud83d\ude00"], static text =>
            {
                var problem = IdentifierRules.ProblemOfUser(text);
                Assert.That(problem is null || !problem.Contains(text, StringComparison.Ordinal) || text.Length < 12, Is.True);
            }),
            FuzzTarget.OfText("sets of keys", [
                """{"keys":[{"kty":"oct","k":"c2VjcmV0LW9mLWEtdGVzdC1hbmQtb2Ytbm90aGluZy1lbHNl","kid":"k1","alg":"HS256","use":"sig"}]}""",
                """
                {"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                 "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
                """,
            ], static text => MessageTargets.Refusing<InvalidDataException>(() => TokenKeys.ReadSet(text, allowSecrets: true))),
            FuzzTarget.OfText("public keys", [TokenIssuer.Rsa().Pem!], static text =>
                MessageTargets.Refusing<InvalidDataException>(() => TokenKeys.Read(new TokenKeyOptions { Pem = text }))),
            FuzzTarget.OfText("lists of proxies and origins", ["10.0.0.0/8", "2001:db8::/32", "unix", "https://a.example:8443"], ReadLists),
            FuzzTarget.OfText("command lines", ["keys create --name ci --Netra:DataDirectory=x", "--urls http://a"], static text =>
            {
                var arguments = text.Split(' ');
                ServerCommandLine.IsCommand(arguments);
                var (command, settings) = CommandArguments.Split(arguments);
                Assert.That(command.Length + settings.Length, Is.EqualTo(arguments.Length));
            }),
        ];
    }

    // A signature's last character has bits that mean nothing, so that another text may be the same token: of the same user.
    private static async ValueTask VerifyAsync(TokenVerifier verifier, string text, string[] good)
    {
        if ((await verifier.VerifyAsync(text, CancellationToken.None)).Identity is { } identity)
        {
            Assert.That(identity.UserId, Is.EqualTo(User));
            Assert.That(good.Select(PayloadOf), Does.Contain(PayloadOf(text)), "a changed token is taken");
        }
    }

    // Signed by the right key: what is in it may be anything all the same.
    private static async ValueTask VerifySignedAsync(TokenVerifier verifier, string secret, string payload)
    {
        if ((await verifier.VerifyAsync(Sign(payload, secret), CancellationToken.None)).Identity is { } identity)
        {
            using var claims = JsonDocument.Parse(payload);
            Assert.That(identity.UserId, Is.EqualTo(claims.RootElement.GetProperty("sub").GetString()));
            Assert.That(IdentifierRules.ProblemOfUser(identity.UserId), Is.Null);
        }
    }

    private static string Sign(string payload, string secret)
    {
        var signed = $"{Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string PayloadOf(string token)
        => token.Split('.') is [_, var payload, _] && TryDecode(payload) is { } bytes ? Encoding.UTF8.GetString(bytes) : string.Empty;

    private static byte[]? TryDecode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void ReadCredential(string text)
    {
        var headers = new HeaderDictionary { ["Authorization"] = text, ["Sec-WebSocket-Protocol"] = text };
        var query = new QueryCollection(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues> { ["token"] = text });
        foreach (var found in new[]
        {
            Credential.Find(headers, query, out _),
            Credential.Find(headers, null, out _),
            Credential.Find(new HeaderDictionary(), query, out _),
        })
        {
            Assert.That(found?.ToString() is not { } shown || !shown.Contains(text, StringComparison.Ordinal) || text.Length < 8, Is.True);
        }
    }

    private static void ReadPattern(string text)
    {
        if (UserPattern.TryParse(text, tenant: string.Empty, out var problem) is { } pattern)
        {
            Assert.That(problem, Is.Null);
            Assert.That(pattern.Covers("nobody-of-these"), Is.EqualTo(text is "*" || (text.EndsWith('*') && "nobody-of-these".StartsWith(
                text[..^1], StringComparison.Ordinal))));
            Assert.That(pattern.Covers(text.TrimEnd('*')), Is.True);
        }
        else
        {
            Assert.That(problem, Is.Not.Null);
        }
    }

    private static void ReadLists(string text)
    {
        var validator = new EdgeOptionsValidator();
        var proxies = new ProxyOptions { Trusted = { text } };
        if (validator.Validate(null, proxies).Succeeded)
        {
            Assert.That(new TrustedProxies(Microsoft.Extensions.Options.Options.Create(proxies)).Any, Is.True);
        }

        var origins = new HttpOptions { AllowedOrigins = { text } };
        if (validator.Validate(null, origins).Succeeded)
        {
            _ = new OriginRules(Microsoft.Extensions.Options.Options.Create(origins));
        }
    }
}
