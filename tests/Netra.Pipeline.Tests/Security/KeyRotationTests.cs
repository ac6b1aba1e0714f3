using System.Net;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Keys that come from elsewhere, and change.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class KeyRotationTests
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task Keys_RotatedAtTheirUrl_AreFoundByTheirNewNameAndOldOnesGo(bool isDiscovered)
    {
        var time = new TestTimeProvider();
        using var old = TokenIssuer.Rsa(keyId: "old");
        using var next = TokenIssuer.Rsa(keyId: "next");
        await using var provider = await KeyProvider.StartAsync(old);
        await using var host = await SecureClient.StartAsync(provider.Settings(isDiscovered), time);
        Assert.That(await AskAsync(host, old, time), Is.EqualTo(HttpStatusCode.OK));

        provider.Keys = [next];
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.That(await AskAsync(host, next, time), Is.EqualTo(HttpStatusCode.OK), "an unknown name has the URL asked again");
        Assert.That(await AskAsync(host, old, time), Is.EqualTo(HttpStatusCode.Unauthorized), "and what is not there any more is gone");
    }

    [Test]
    public async Task Keys_WhoseUrlIsOut_GoOnAndWithoutAnyTheAnswerIsTryAgain()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var provider = await KeyProvider.StartAsync(issuer);
        provider.IsOut = true;
        await using var host = await SecureClient.StartAsync(provider.Settings(isDiscovered: false), time);

        var (status, body, response) = await host.SendAsync(HttpMethod.Get, "/v1/threads", Token(issuer, time));
        Assert.That(
            (status, body.GetProperty("code").GetString()),
            Is.EqualTo((HttpStatusCode.ServiceUnavailable, "authentication_unavailable")));
        Assert.That(response.Headers.RetryAfter, Is.Not.Null);
        Assert.That(await host.PublishAsync(Token(issuer, time), "ada"), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        var ticket = await host.SendAsync(HttpMethod.Post, "/v1/tickets", Token(issuer, time));
        Assert.That(ticket.Body.GetProperty("code").GetString(), Is.EqualTo("authentication_unavailable"));

        provider.IsOut = false;
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.That(await AskAsync(host, issuer, time), Is.EqualTo(HttpStatusCode.OK));
        provider.IsOut = true;
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.That(await AskAsync(host, issuer, time), Is.EqualTo(HttpStatusCode.OK), "known keys go on");
    }

    [Test]
    public async Task Source_ThatDoesNotAnswer_HoldsNobodyUpWhoseKeyIsKnownElsewhere()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<KeySet>();
        var source = new KeySource(
            _ =>
            {
                asked.SetResult();
                return answer.Task;
            },
            TimeSpan.FromMinutes(10),
            new TestTimeProvider(),
            static _ => { });

        Assert.That(await source.GetAsync("k1", waits: false, CancellationToken.None), Is.Null);
        await asked.Task.WaitAsync(TestClient.Patience);
        var waiting = source.GetAsync("k1", waits: true, CancellationToken.None);
        answer.SetResult(new KeySet([]));
        Assert.That(await waiting, Is.Not.Null, "it was asked all the same");
    }

    [Test]
    public async Task Strangers_WithUnknownKeyNames_DoNotFloodTheUrl()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        using var stranger = TokenIssuer.Rsa(keyId: "strange");
        await using var provider = await KeyProvider.StartAsync(issuer);
        await using var host = await SecureClient.StartAsync(provider.Settings(isDiscovered: false), time);
        await AskAsync(host, issuer, time);
        time.Advance(TimeSpan.FromSeconds(6));

        for (var i = 0; i < 50; i++)
        {
            Assert.That(await AskAsync(host, stranger, time), Is.EqualTo(HttpStatusCode.Unauthorized));
        }

        Assert.That(provider.Asked, Is.LessThanOrEqualTo(2));
        Assert.That(await AskAsync(host, issuer, time), Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task KeyFile_ThatChanges_IsReadAgain()
    {
        var time = new TestTimeProvider();
        using var old = TokenIssuer.Rsa(keyId: "old");
        using var next = TokenIssuer.Rsa(keyId: "next");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, KeyProvider.SetOf([old]));
            await using var host = await SecureClient.StartAsync(
            [
                ("Netra:Authentication:Issuer", TokenIssuer.Issuer),
                ("Netra:Authentication:Audience", TokenIssuer.Audience),
                ("Netra:Authentication:JwksFile", file),
            ],
            time);
            Assert.That(await AskAsync(host, old, time), Is.EqualTo(HttpStatusCode.OK));

            await File.WriteAllTextAsync(file, KeyProvider.SetOf([next]));
            time.Advance(TimeSpan.FromSeconds(6));

            Assert.That(await AskAsync(host, next, time), Is.EqualTo(HttpStatusCode.OK));
            Assert.That(await AskAsync(host, old, time), Is.EqualTo(HttpStatusCode.Unauthorized));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void Set_OfAUrl_HasNoSecretsAndNoShortKeys()
    {
        const string Secret = """{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}""";

        Assert.That(() => TokenKeys.ReadSet(Secret, allowSecrets: false), Throws.TypeOf<InvalidDataException>());
        Assert.That(TokenKeys.ReadSet(Secret, allowSecrets: true), Has.Count.EqualTo(1));
        Assert.That(() => TokenKeys.ReadSet("{}", allowSecrets: true), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => TokenKeys.ReadSet("nonsense", allowSecrets: true), Throws.TypeOf<InvalidDataException>());
        Assert.That(
            () => TokenKeys.ReadSet("""{"keys":[{"kty":"oct","k":"no base64!"}]}""", allowSecrets: true),
            Throws.TypeOf<InvalidDataException>());
    }

    private static string Token(TokenIssuer issuer, TimeProvider time)
        => issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromHours(1), change: claims => claims["iss"] = TokenIssuer.Issuer);

    private static async Task<HttpStatusCode> AskAsync(PipelineHost host, TokenIssuer issuer, TimeProvider time)
        => (await host.SendAsync(HttpMethod.Get, "/v1/threads", Token(issuer, time))).Status;
}
