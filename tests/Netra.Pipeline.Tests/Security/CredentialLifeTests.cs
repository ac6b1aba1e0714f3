using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.Security;

/// <summary>What becomes of a connection when its credential ends, is renewed, or is revoked.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CredentialLifeTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Test]
    public async Task Credential_ThatEnds_IsAnnouncedAndEndsTheConnection()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await StartAsync(issuer, time);
        await using var ada = await host.ConnectAsync(issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(90)));

        await host.StepAsync(time, 31);
        var expiring = await ada.ReadAsync<ExpiringMessage>();
        Assert.That(expiring.ExpiresInMs, Is.InRange(57_000, 60_000));
        Assert.That(host.Connections.Count, Is.EqualTo(1), "it lives on");
        await host.StepAsync(time, 61);

        Assert.That((await ada.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4401));
        Assert.That(ada.Socket.CloseStatusDescription, Is.EqualTo("credential_expired"));
    }

    [Test]
    public async Task Authenticate_WithANewToken_GoesOnUnderIt()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await StartAsync(issuer, time);
        await using var ada = await host.ConnectAsync(issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(70)));
        var backend = issuer.Issue("backend", time.GetUtcNow(), Hour, roles: ["netra.publish"]);

        await ada.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage("not a token", "a1")));
        var refused = await ada.ReadAsync<ErrorMessage>();
        Assert.That((refused.Code, refused.Id), Is.EqualTo(("authentication_failed", "a1")));
        await ada.SendAsync(ClientMessageWriter.Authenticate(
            new AuthenticateMessage(issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(600)), "a2")));
        var taken = await ada.ReadAsync<AuthenticatedMessage>();
        Assert.That((taken.Id, taken.ExpiresInMs), Is.EqualTo(("a2", 599_000L)).Within(2_000).Or.EqualTo(("a2", 600_000L)));
        await host.StepAsync(time, 75);

        Assert.That(await host.PublishAsync(backend, "ada"), Is.EqualTo(HttpStatusCode.Created), "the connection is there");
        Assert.That((await ada.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Authenticate_WhileAnotherOneIsChecked_IsRefused()
    {
        var check = new TaskCompletionSource<AuthenticationResult>();
        var authenticator = new ScriptedAuthenticator(
            (request, _) => request.IsInBand ? check.Task : Task.FromResult(AuthenticationResult.Admit("ada")));
        await using var host = await PipelineHost.StartAsync(b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator));
        await using var ada = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await ada.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage("first", "a1")));

        await ada.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage("second", "a2")));

        var refused = await ada.ReadAsync<ErrorMessage>();
        Assert.That((refused.Code, refused.Id), Is.EqualTo(("message_rejected", "a2")));
        check.SetResult(AuthenticationResult.Admit("ada"));
        Assert.That((await ada.ReadAsync<AuthenticatedMessage>()).Id, Is.EqualTo("a1"));
    }

    [Test]
    public async Task Authenticate_AsSomebodyElse_EndsTheConnection()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        await using var ada = await host.ConnectAsync(issuer.Good("ada"));

        await ada.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage(issuer.Good("eve"))));

        Assert.That((await ada.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4409));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Revoked_InMidRun_EndsThatUsersConnectionsAndNoOthers(bool isOneToken)
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var admin = issuer.Good("admin", ["netra.configure"]);
        var token = issuer.Good("ada", id: "token-1");
        var other = issuer.Good("ada", id: "token-2");
        await using var ada = await host.ConnectAsync(token);
        await using var elsewhere = await host.ConnectAsync(other);
        await using var bob = await host.ConnectAsync(issuer.Good("bob"));

        // A token issued in the same second as the revocation counts as issued before it.
        var (status, _, _) = await host.SendAsync(
            HttpMethod.Post,
            "/v1/revocations",
            admin,
            isOneToken ? """{"token_id":"token-1"}""" : """{"user_id":"ada"}""");
        Assert.That(status, Is.EqualTo(HttpStatusCode.NoContent));

        Assert.That((await ada.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403));
        Assert.ThrowsAsync<WebSocketException>(() => host.ConnectAsync(token), "nor is it taken again");
        if (isOneToken)
        {
            await using var again = await host.ConnectAsync(other);
        }
        else
        {
            Assert.That((await elsewhere.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403));
        }

        await using var stillTaken = await host.ConnectAsync(issuer.Good("bob"));
        Assert.That(host.Connections.ConnectionsOf("bob"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Revoked_UserWhoseCredentialsHaveNoNameAndNoEnd_MayComeBack()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var ada = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await RevokeAsync("ada");
        Assert.That((await ada.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403));

        await using var again = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var bob = await TestClient.ConnectAsync(host.SocketAddress("bob"));

        // It looks at all connections.
        await RevokeAsync("bob");
        Assert.That((await bob.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4403));
        Assert.That(host.Connections.ConnectionsOf("ada"), Has.Count.EqualTo(1));

        async Task RevokeAsync(string user)
        {
            var (status, _, _) = await host.SendAsync(
                HttpMethod.Post, "/v1/revocations", credential: null, $$"""{"user_id":"{{user}}"}""");
            Assert.That(status, Is.EqualTo(HttpStatusCode.NoContent));
        }
    }

    [Test]
    public async Task Clock_SetForwardByADay_EndsNoPage()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync([.. issuer.Settings(), ("Netra:Connections:PingInterval", "00:10:00")], time);
        await using var ada = await host.ConnectAsync(issuer.Issue("ada", time.GetUtcNow(), Hour));

        time.ShiftWallClock(TimeSpan.FromDays(1));
        await host.StepAsync(time, 5);

        Assert.That(host.Connections.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Clocks_ThatDifferByLessThanTheGrace_RefuseNobody()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings(), time);
        foreach (var (seconds, isTaken) in ((int, bool)[])[(-25, true), (25, true), (-40, false), (40, false)])
        {
            // An issuer whose clock is behind or ahead by as much.
            var now = time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
            var (begins, lasts) = seconds < 0 ? (now - Hour, TimeSpan.Zero) : (now, Hour);
            var token = issuer.Issue("ada", now, lasts, change: claims => claims["nbf"] = begins.ToUnixTimeSeconds());

            var (status, _, _) = await host.SendAsync(HttpMethod.Get, "/v1/threads", token);

            Assert.That(status, Is.EqualTo(isTaken ? HttpStatusCode.OK : HttpStatusCode.Unauthorized), $"{seconds} s");
        }
    }

    [Test]
    public async Task Process_StoppedBeyondTheEnd_TellsThePageFirst()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await StartAsync(issuer, time);
        await using var ada = await host.ConnectAsync(issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(300)));
        await host.StepAsync(time, 2);

        time.StandStill(TimeSpan.FromSeconds(600));
        await host.StepAsync(time, 2);
        var expiring = await ada.ReadAsync<ExpiringMessage>();
        Assert.That(expiring.ExpiresInMs, Is.InRange(50_000, 60_000), "it has the time of a notice");
        await ada.SendAsync(ClientMessageWriter.Authenticate(new AuthenticateMessage(issuer.Issue("ada", time.GetUtcNow(), Hour))));
        await ada.ReadAsync<AuthenticatedMessage>();
        await host.StepAsync(time, 65);

        Assert.That(host.Connections.Count, Is.EqualTo(1), "it has answered");
    }

    [Test]
    public async Task Process_StoppedAgainAndAgain_KeepsNoCredentialAlive()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await StartAsync(issuer, time);
        await using var ada = await host.ConnectAsync(issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromSeconds(300)));
        await host.StepAsync(time, 2);

        for (var i = 0; i < 3; i++)
        {
            time.StandStill(TimeSpan.FromSeconds(400));
            await host.StepAsync(time, 2);
        }

        Assert.That((await ada.ReadToEndAsync()).Status, Is.EqualTo((WebSocketCloseStatus)4401));
    }

    // Tokens end to the second, and no page is asked for a sign of life meanwhile.
    private static Task<PipelineHost> StartAsync(TokenIssuer issuer, TestTimeProvider time) => SecureClient.StartAsync(
        [.. issuer.Settings(), ("Netra:Authentication:ClockSkew", "0"), ("Netra:Connections:PingInterval", "00:10:00")], time);
}
