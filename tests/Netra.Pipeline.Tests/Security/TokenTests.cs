using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Tokens over the real doors of a host outside of Development.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TokenTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly string[] Algorithms =
    [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
    ];

    [TestCaseSource(nameof(Algorithms))]
    public async Task Token_OfEachAlgorithm_ConnectsItsUser(string algorithm)
    {
        var secret = algorithm[0] == 'H' ? new string('s', 64) : null;
        using var issuer = Of(algorithm, secret);
        await using var host = await SecureClient.StartAsync(issuer.Settings(secret));

        await using var client = await host.ConnectAsync(issuer.Good("ada"));

        Assert.That(client.Welcome.UserId, Is.EqualTo("ada"));
        Assert.That(client.Welcome.ExpiresInMs, Is.InRange(3_500_000, 3_630_000));
    }

    [Test]
    public async Task Token_OfferedAsSubprotocol_ConnectsAndIsNotAnswered()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());

        await using var client = await TestClient.ConnectAsync(
            new Uri($"ws://127.0.0.1:{host.Port}/ws"), options => options.AddSubProtocol($"bearer.{issuer.Good("ada")}"));

        Assert.That(client.Welcome.UserId, Is.EqualTo("ada"));
        Assert.That(client.Socket.SubProtocol, Is.EqualTo(ProtocolConstants.Subprotocol));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Token_InTheQuery_IsTakenOnlyWhereThatIsAllowed(bool isAllowed)
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(
            [.. issuer.Settings(), ("Netra:Authentication:AllowTokenInQuery", isAllowed.ToString())]);
        var address = new Uri($"ws://127.0.0.1:{host.Port}/ws?token={issuer.Good("ada")}");

        if (isAllowed)
        {
            await using var client = await TestClient.ConnectAsync(address);
            Assert.That(client.Welcome.UserId, Is.EqualTo("ada"));
        }
        else
        {
            Assert.That(await RefusalAsync(host, address.PathAndQuery, null), Is.EqualTo(403));
        }
    }

    [Test]
    public async Task Token_WithWhateverIsWrong_IsRefusedOnEveryRouteAndShownNowhere()
    {
        using var issuer = TokenIssuer.Rsa();
        using var stranger = TokenIssuer.Rsa();
        using var confused = TokenIssuer.OfSecret(issuer.Pem!);
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var now = TimeProvider.System.GetUtcNow();
        var good = issuer.Good("ada");
        var parts = good.Split('.');
        (string What, string Token)[] bad =
        [
            ("expired", issuer.Issue("ada", now - Hour, TimeSpan.FromMinutes(30))),
            ("not yet valid", issuer.Issue("ada", now, Hour, change: claims => claims["nbf"] = (now + Hour).ToUnixTimeSeconds())),
            ("without an end", issuer.Issue("ada", now, lifetime: null)),
            ("too long", issuer.Issue("ada", now, TimeSpan.FromDays(30))),
            ("too long, and issued just before its end",
                issuer.Issue("ada", now, TimeSpan.FromDays(30), change: claims => claims["iat"] = now.AddDays(29).ToUnixTimeSeconds())),
            ("another audience", issuer.Issue("ada", now, Hour, change: static claims => claims["aud"] = "others")),
            ("another issuer", issuer.Issue("ada", now, Hour, change: static claims => claims["iss"] = "https://evil.test")),
            ("without an audience", issuer.Issue("ada", now, Hour, change: static claims => claims.Remove("aud"))),
            ("nobody", issuer.Issue(null, now, Hour)),
            ("a number", issuer.Issue(null, now, Hour, change: static claims => claims["sub"] = 7)),
            ("a reserved user", issuer.Issue("$canary", now, Hour)),
            ("half a character", HalfACharacter(issuer, now)),
            ("a control character", issuer.Issue("a\nb", now, Hour)),
            ("signed by a stranger", stranger.Good("ada")),
            ("signed with the public key as a secret", confused.Good("ada")),
            ("alg none", $"{Base64Url("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}."),
            ("alg none with a signature", $"{Base64Url("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.{parts[2]}"),
            ("another payload", $"{parts[0]}.{Base64Url($$"""{"sub":"eve","exp":{{(now + Hour).ToUnixTimeSeconds()}}}""")}.{parts[2]}"),
            ("a critical extension", Critical(issuer, good)),
            ("cut off", good[..^5]),
            ("encrypted", $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[1]}.{parts[2]}"),
            ("encrypted, and garbage", $"{parts[0]}.a.b.c.d"),
            ("garbage", "not.a.token"),
            ("long", new string('a', 17_000)),
        ];

        foreach (var (what, token) in bad)
        {
            if (token.Length < 8192)
            {
                Assert.That(await RefusalAsync(host, "/ws", token), Is.EqualTo(401), $"{what}: fast door");
                Assert.That(await RefusalAsync(host, "/ws", token, isKept: true), Is.EqualTo(401), $"{what}: second door");
            }

            Assert.That((await host.SendAsync(HttpMethod.Get, "/v1/threads", token)).Status, Is.EqualTo(HttpStatusCode.Unauthorized), what);
            var (status, body, response) = await host.SendAsync(HttpMethod.Post, "/v1/events", token, SecureClient.EventOf("ada"));
            Assert.That(status, Is.EqualTo(HttpStatusCode.Unauthorized), what);
            Assert.That(body.GetProperty("code").GetString(), Is.EqualTo("unauthorized"), what);
            Assert.That(response.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"), what);
            Assert.That(body.ToString(), Does.Not.Contain(token), what);
        }

        Assert.That(
            host.Logs.Logs.Select(static line => line.Message).Where(line => bad.Any(b => b.Token.Length > 20 && line.Contains(b.Token))),
            Is.Empty,
            "no token is in a log");
        Assert.That(host.Logs.Logs.Any(static line => line.EventId.Id == EventIds.HandshakeDenied), "refusals are in the audit");
        Assert.That(
            host.Logs.Logs.Any(static line => line.EventId.Id == EventIds.RequestDenied && line.Message.Contains("/v1/threads")),
            "those of pages' routes too");
    }

    [Test]
    public async Task Request_WithSeveralCredentials_IsRefused()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());

        Assert.That(await RefusalAsync(host, "/ws?ticket=nt_x", issuer.Good("ada")), Is.EqualTo(400));
        Assert.That(await RefusalAsync(host, "/ws", credential: null), Is.EqualTo(401), "none");
        Assert.That(await RefusalAsync(host, "/ws?user_id=ada", credential: null), Is.EqualTo(401), "a user_id is Development's");
    }

    [Test]
    public async Task Users_OfTwoTokens_SeeNothingOfEachOther()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var backend = issuer.Good("backend", ["netra.publish"]);
        await using var ada = await host.ConnectAsync(issuer.Good("ada"));
        await using var bob = await host.ConnectAsync(issuer.Good("bob"));

        Assert.That(await host.PublishAsync(backend, "bob"), Is.EqualTo(HttpStatusCode.Created));
        Assert.That(await host.PublishAsync(backend, "ada"), Is.EqualTo(HttpStatusCode.Created));
        var (_, threads, _) = await host.SendAsync(HttpMethod.Get, "/v1/threads", issuer.Good("eve"));

        Assert.That((await ada.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1), "the first of ada's, and nothing before it");
        Assert.That((await bob.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
        Assert.That(threads.GetProperty("threads").GetArrayLength(), Is.Zero);
        Assert.That(await host.PublishAsync(issuer.Good("ada"), "ada"), Is.EqualTo(HttpStatusCode.Forbidden), "a user may not publish");
    }

    private static string Critical(TokenIssuer issuer, string good)
        => Sign(issuer, """{"alg":"RS256","kid":"k1","crit":["exp2"],"exp2":1}""", good.Split('.')[1]);

    // Half a surrogate pair in a claim, under a signature that is right.
    private static string HalfACharacter(TokenIssuer issuer, DateTimeOffset now) => Sign(
        issuer,
        """{"alg":"RS256","kid":"k1"}""",
        Base64Url($$"""
            {"iss":"{{TokenIssuer.Issuer}}","aud":"{{TokenIssuer.Audience}}","sub":"ada","roles":"netra.read \ud800",
             "exp":{{(now + Hour).ToUnixTimeSeconds()}}}
            """));

    private static string Sign(TokenIssuer issuer, string header, string payload)
    {
        var signed = $"{Base64Url(header)}.{payload}";
        var signature = ((RsaSecurityKey)issuer.Key).Rsa.SignData(
            Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64UrlEncoder.Encode(signature)}";
    }

    private static string Base64Url(string text) => Base64UrlEncoder.Encode(text);

    private static TokenIssuer Of(string algorithm, string? secret) => algorithm switch
    {
        ['H', ..] => TokenIssuer.OfSecret(secret!, algorithm),
        "ES256" => TokenIssuer.Curve(ECCurve.NamedCurves.nistP256, algorithm),
        "ES384" => TokenIssuer.Curve(ECCurve.NamedCurves.nistP384, algorithm),
        "ES512" => TokenIssuer.Curve(ECCurve.NamedCurves.nistP521, algorithm),
        _ => TokenIssuer.Rsa(algorithm),
    };

    // The status with which a handshake is refused; on a kept connection it comes after another request, to the second door.
    private static async Task<int> RefusalAsync(PipelineHost host, string target, string? credential, bool isKept = false)
    {
        await using var peer = await RawPeer.ConnectAsync(host.Port);
        if (isKept)
        {
            await peer.SendAsync($"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            await peer.ReadResponseAsync();
        }

        var header = credential is null ? string.Empty : $"Authorization: Bearer {credential}\r\n";
        await peer.SendAsync(
            $"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n");
        return (await peer.ReadResponseAsync())!.Status;
    }
}
