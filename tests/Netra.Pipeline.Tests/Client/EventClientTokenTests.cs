using System.Collections.Concurrent;
using Netra.Pipeline.Client;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Client;

/// <summary>Where the client's tokens come from, when it asks for them, and what it does when there is none.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventClientTokenTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Test]
    public async Task Token_ThatIsAboutToEnd_IsRenewedInBandOnTheSameConnection()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        var lifetimes = new ConcurrentQueue<TimeSpan>([TimeSpan.FromSeconds(90), Hour]);
        await using var host = await SecureClient.StartAsync(
            [.. issuer.Settings(), ("Netra:Authentication:ClockSkew", "0"), ("Netra:Connections:PingInterval", "00:10:00")], time);
        await using var client = new RecordingClient(
            host.HttpAddress,
            userId: null,
            options => options with { GetToken = _ => ValueTask.FromResult(issuer.Issue("ada", time.GetUtcNow(), Next())) });
        await client.WhenConnectedAsync();
        var connection = host.Connections.OfUser("ada").Single();
        var credential = connection.Credential;

        await host.StepAsync(time, 32);
        await client.WhenAsync(() => lifetimes.IsEmpty, "it has asked for another token");
        await Eventually.BecomesTrueAsync(() => connection.Credential != credential, "the server has taken it");
        await host.StepAsync(time, 70);

        Assert.That(host.Connections.Count, Is.EqualTo(1));
        Assert.That(client.States.Count(static state => state.Status == ClientStatus.Connected), Is.EqualTo(1), "it is the same one");

        TimeSpan Next() => lifetimes.TryDequeue(out var lifetime) ? lifetime : Hour;
    }

    [Test]
    public async Task Token_ThatEndsNoLaterThanTheOneBefore_IsNotAskedForAgainAndAgain()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(
            [.. issuer.Settings(), ("Netra:Authentication:ClockSkew", "0"), ("Netra:Connections:PingInterval", "00:10:00")], time);
        var (asked, token) = (0, issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(90)));
        await using var client = new RecordingClient(
            host.HttpAddress,
            userId: null,
            options => options with
            {
                GetToken = _ =>
                {
                    Interlocked.Increment(ref asked);
                    return ValueTask.FromResult(token);
                },
            });
        await client.WhenConnectedAsync();
        var connection = host.Connections.OfUser("ada").Single();
        var credential = connection.Credential;
        await host.StepAsync(time, 32);
        await Eventually.BecomesTrueAsync(() => connection.Credential != credential, "the server has taken the same token again");

        await using var emitter = await host.EmitterOfAsync("ada");
        for (var second = 1; second <= 5; second++)
        {
            await host.StepAsync(time, 1);
            await emitter.TokenAsync("x");
            await client.WhenAsync(() => client.Numbers.Count == second, "it has heard what comes");
        }

        Assert.That(Volatile.Read(ref asked), Is.EqualTo(2), "for the handshake, and when its end was announced");
        Assert.That(host.Connections.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Token_ThatIsNotTaken_IsAskedForOnceAgainAndThenEndsReading()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var asked = 0;
        await using var client = new EventClient(new EventClientOptions
        {
            Address = host.HttpAddress,
            FirstPause = TimeSpan.FromMilliseconds(1),
            GetToken = _ => ValueTask.FromResult($"no token {++asked}"),
        });

        var failure = Assert.ThrowsAsync<EventClientException>(
            async () => await client.RunAsync(static (_, _) => ValueTask.CompletedTask).WaitAsync(TestClient.Patience));

        Assert.That(failure!.Reason, Is.EqualTo(EventClientFailure.Unauthorized));
        Assert.That(asked, Is.EqualTo(2));
    }

    [Test]
    public async Task Source_ThatHasNoToken_EndsReadingAndOneInTroubleIsAskedAgain()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var asked = 0;
        await using var client = new RecordingClient(
            host.HttpAddress,
            userId: null,
            options => options with
            {
                GetToken = _ => ++asked == 1
                    ? throw new HttpRequestException("the issuer cannot be reached")
                    : ValueTask.FromResult(issuer.Good("ada")),
            });
        await client.WhenConnectedAsync();
        Assert.That(client.States.Select(static state => state.Reason), Has.Some.Contains("the issuer cannot be reached"));

        await using var signedOut = new EventClient(
            new EventClientOptions { Address = host.HttpAddress, GetToken = static _ => throw new UnauthorizedException("signed out") });
        var failure = Assert.ThrowsAsync<EventClientException>(
            async () => await signedOut.RunAsync(static (_, _) => ValueTask.CompletedTask).WaitAsync(TestClient.Patience));
        Assert.That((failure!.Reason, failure.Message), Is.EqualTo((EventClientFailure.Unauthorized, "signed out")));
    }

    [Test]
    public async Task Credential_ThatIsRevoked_EndsReading()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        await using var client = new EventClient(
            new EventClientOptions { Address = host.HttpAddress, GetToken = _ => ValueTask.FromResult(issuer.Good("ada")) });
        var reading = client.RunAsync(static (_, _) => ValueTask.CompletedTask);
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "it is connected");

        await host.SendAsync(
            HttpMethod.Post, "/v1/revocations", issuer.Good("admin", ["netra.configure"]), """{"user_id":"ada"}""");

        var failure = Assert.ThrowsAsync<EventClientException>(async () => await reading.WaitAsync(TestClient.Patience));
        Assert.That(failure!.Reason, Is.EqualTo(EventClientFailure.Revoked));
    }
}
