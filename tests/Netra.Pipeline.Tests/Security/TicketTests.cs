using System.Net;
using System.Net.WebSockets;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Tickets: one handshake each, over every door.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TicketTests
{
    [Test]
    public async Task Ticket_OfAToken_ConnectsOnceAsItsUserAndEndsWithIt()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var ticket = await TicketAsync(host, issuer.Good("ada"));
        var address = new Uri($"ws://127.0.0.1:{host.Port}/ws?ticket={ticket}");

        await using var ada = await TestClient.ConnectAsync(address);

        Assert.That(ada.Welcome.UserId, Is.EqualTo("ada"));
        Assert.That(ada.Welcome.ExpiresInMs, Is.InRange(3_500_000, 3_630_000));
        Assert.ThrowsAsync<WebSocketException>(() => TestClient.ConnectAsync(address), "a second time");
    }

    [Test]
    public async Task Ticket_OfABackend_IsForItsUsersOnlyAndMayRenew()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var key = await host.MakeKeyAsync(issuer.Good("admin", ["netra.configure"]), "site", "connect", "site-*");
        var ticket = await TicketAsync(host, key, """{"user_id":"site-ada","session_s":600}""");
        await using var ada = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws?ticket={ticket}"));

        Assert.That((ada.Welcome.UserId, ada.Welcome.ExpiresInMs is > 590_000 and <= 600_000), Is.EqualTo(("site-ada", true)));
        await ada.SendAsync(ClientMessageWriter.Authenticate(
            new AuthenticateMessage(await TicketAsync(host, key, """{"user_id":"site-ada","session_s":1200}"""))));
        Assert.That((await ada.ReadAsync<AuthenticatedMessage>()).ExpiresInMs, Is.InRange(1_190_000, 1_200_000));
        Assert.That(
            (await host.SendAsync(HttpMethod.Post, "/v1/tickets", credential: null, """{"user_id":"ada"}""")).Status,
            Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Ticket_ThatIsTooOld_IsRefused()
    {
        var time = new TestTimeProvider();
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings(), time);
        var ticket = await TicketAsync(host, issuer.Issue("ada", time.GetUtcNow(), TimeSpan.FromHours(1)));

        time.Advance(TimeSpan.FromSeconds(31));

        Assert.ThrowsAsync<WebSocketException>(
            () => TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws?ticket={ticket}")));
    }

    [Test]
    public async Task Ticket_OfAnEventStream_IsFollowedByItsPostKey()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var ticket = await TicketAsync(host, issuer.Good("ada"));
        await using var ada = await EventStreamClient.OpenAsync(host, "ignored", $"&ticket={ticket}");
        var stream = $"/v1/stream/{ada.Welcome.ConnectionId}/ack";

        var right = await host.SendAsync(HttpMethod.Post, $"{stream}?post_key={ada.Welcome.PostKey}", credential: null, """{"seq":0}""");
        var wrong = await host.SendAsync(HttpMethod.Post, $"{stream}?post_key=x", credential: null, """{"seq":0}""");
        var none = await host.SendAsync(HttpMethod.Post, stream, credential: null, """{"seq":0}""");
        var eve = await host.SendAsync(HttpMethod.Post, stream, issuer.Good("eve"), """{"seq":0}""");

        Assert.That(
            new[] { right.Status, wrong.Status, none.Status, eve.Status },
            Is.EqualTo(new[]
            {
                HttpStatusCode.NoContent, HttpStatusCode.NotFound, HttpStatusCode.Unauthorized, HttpStatusCode.NotFound,
            }));
    }

    [Test]
    public async Task Tickets_OfOneUser_AreBounded()
    {
        using var issuer = TokenIssuer.Rsa();

        // So that the first is good still when the last is made.
        await using var host = await SecureClient.StartAsync([.. issuer.Settings(), ("Netra:Authentication:TicketLifetime", "00:10:00")]);
        var token = issuer.Good("ada");
        for (var i = 0; i < 100; i++)
        {
            await TicketAsync(host, token);
        }

        var (status, body, _) = await host.SendAsync(HttpMethod.Post, "/v1/tickets", token);

        Assert.That((status, body.GetProperty("code").GetString()), Is.EqualTo((HttpStatusCode.TooManyRequests, "too_many_tickets")));
        await TicketAsync(host, issuer.Good("bob"));
    }

    [Test]
    public void Ticket_TakenByTwoProcessesAtOnce_IsOnes()
    {
        var folder = Directory.CreateTempSubdirectory("netra-access-");
        try
        {
            using var one = AccessStore.Open(folder.FullName);
            using var other = AccessStore.Open(folder.FullName);
            var now = DateTimeOffset.UnixEpoch;
            var taken = 0;
            for (var i = 0; i < 50; i++)
            {
                var (text, hash) = Ticket.MakeText();
                Assert.That(one.TryAdd(hash, new Ticket("ada", null, null, null), now, now.AddSeconds(30), 100));
                Parallel.Invoke(() => Take(one, text), () => Take(other, text));
            }

            Assert.That(taken, Is.EqualTo(50));

            void Take(AccessStore store, string text)
            {
                if (store.Take(Ticket.HashOf(text), now) is { UserKey: "ada" })
                {
                    Interlocked.Increment(ref taken);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> TicketAsync(PipelineHost host, string credential, string? json = null)
    {
        var (status, body, _) = await host.SendAsync(HttpMethod.Post, "/v1/tickets", credential, json);
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created), body.ToString());
        return body.GetProperty("ticket").GetString()!;
    }
}
