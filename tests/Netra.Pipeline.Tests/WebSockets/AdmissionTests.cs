using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>What becomes of a right handshake: authenticators of every kind, and the limits.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AdmissionTests
{
    private static IEnumerable<TestCaseData> Authenticators()
    {
        yield return Case("refuses", static () => Task.FromResult(AuthenticationResult.Unauthorized("no")), 401, "unauthorized");
        yield return Case("forbids", static () => Task.FromResult(AuthenticationResult.Forbid("no")), 403, "forbidden");
        yield return Case("finds it malformed", static () => Task.FromResult(AuthenticationResult.BadRequest("no")), 400, "bad_request");
        yield return Case("throws", static () => throw new InvalidOperationException("It is broken."), 500, "internal_error");
        yield return Case(
            "gives up by itself",
            static () => Task.FromCanceled<AuthenticationResult>(new CancellationToken(canceled: true)),
            500,
            "internal_error");
        yield return Case("answers nothing", static () => Task.FromResult<AuthenticationResult>(null!), 500, "internal_error");
        yield return Case(
            "admits a user of the system", static () => Task.FromResult(AuthenticationResult.Admit("$verification")), 403, "forbidden");
        yield return Case(
            "admits an impossible user", static () => Task.FromResult(AuthenticationResult.Admit(new string('a', 300))), 403, "forbidden");
    }

    [TestCaseSource(nameof(Authenticators))]
    public async Task Authenticator_AdmitsNobody_TheHandshakeIsRefusedAtBothDoors(
        Func<Task<AuthenticationResult>> script, int status, string code)
    {
        var authenticator = new ScriptedAuthenticator((_, _) => script());
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator),
            settings: [("Logging:LogLevel:Default", "Debug")],
            map: Hello.Map);
        foreach (var fastDoor in new[] { true, false })
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            if (!fastDoor)
            {
                await Hello.GetAsync(client);
            }

            await client.SendAsync(RawPeer.Handshake("ada"));

            var response = await client.ReadResponseAsync();
            Assert.That((response?.Status, response?.Code), Is.EqualTo(((int?)status, code)), $"fast door: {fastDoor}");
            Assert.That(await client.ReadToEndAsync(), Is.Zero);
        }

        Assert.That(
            host.Logs.Logs.Count(static log => log.EventId.Id == EventIds.HandshakeRefused), Is.EqualTo(2), "each refusal is told once");
        Assert.That(
            host.Logs.Logs.Count(static log => log.Level >= LogLevel.Error && log.EventId.Id == EventIds.HandshakeFailed),
            Is.EqualTo(status == 500 ? 2 : 0));
        Assert.That(
            host.Logs.Logs.Where(static log => log.Level >= LogLevel.Error && log.EventId.Id != EventIds.HandshakeFailed), Is.Empty);
    }

    [Test]
    public async Task Peer_GoesAwayWhileItIsAuthenticated_LeavesNothingBehind([Values] bool fastDoor)
    {
        var asked = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        var authenticator = new ScriptedAuthenticator(async (_, token) =>
        {
            using var registered = token.Register(cancelled.SetResult);
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return AuthenticationResult.Admit("ada");
        });
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator), map: Hello.Map);
        await using (var client = await RawPeer.ConnectAsync(host.Port))
        {
            if (!fastDoor)
            {
                await Hello.GetAsync(client);
            }

            await client.SendAsync(RawPeer.Handshake("ada"));
            await asked.Task.WaitAsync(TestClient.Patience);
            client.Reset();
        }

        await cancelled.Task.WaitAsync(TestClient.Patience);
        Assert.That(host.Connections.Count, Is.Zero);
        await host.StopAsync();
        host.AssertNoErrors();
    }

    [Test]
    public async Task Authenticator_NeverAnswersAndListensToNothing_IsLeftInTimeAtEveryDoor()
    {
        var hangs = false;
        var left = new TaskCompletionSource<AuthenticationResult>();
        var authenticator = new ScriptedAuthenticator((_, _) => hangs ? left.Task : Task.FromResult(AuthenticationResult.Admit("ada")));
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator),
            settings: [("Netra:WebSockets:AdmissionTimeout", "00:00:01")],
            map: Hello.Map);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        hangs = true;
        foreach (var fastDoor in new[] { true, false })
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            if (!fastDoor)
            {
                await Hello.GetAsync(client);
            }

            await client.SendAsync(RawPeer.Handshake("ada"));
            var response = await client.ReadResponseAsync();
            Assert.That(
                (response!.Status, response.Code, response.Header("Retry-After")),
                Is.EqualTo((503, "admission_timeout", "1")),
                $"fast door: {fastDoor}");
        }

        using var http = new HttpClient { BaseAddress = host.HttpAddress, Timeout = TestClient.Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/stream?user_id=ada");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await http.SendAsync(request);
        using var content = new StringContent("""{"seq":0}""", System.Text.Encoding.UTF8, "application/json");
        using var post = await http.PostAsync($"/v1/stream/{page.Welcome.ConnectionId}/ack?user_id=ada", content);
        Assert.That(
            (stream.StatusCode, post.StatusCode),
            Is.EqualTo((System.Net.HttpStatusCode.ServiceUnavailable, System.Net.HttpStatusCode.ServiceUnavailable)));
        Assert.That(stream.Headers.RetryAfter, Is.Not.Null);

        left.SetException(new InvalidOperationException("It is broken."));
        await Eventually.BecomesTrueAsync(
            () => host.Logs.Logs.Count(static log => log.EventId.Id == EventIds.AuthenticatorFailedLate) == 4,
            "what became of each that was left is said");
        hangs = false;
        await using var again = await RawPeer.OpenAsync(host.Port, "ada");
    }

    [Test]
    public async Task Connections_AboveTheUsersLimit_AreRefusedUntilOneEnds([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Streams:MaxConnectionsPerUser", "2")], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var first = await RawPeer.OpenAsync(host.Port, "ada");
        await using var second = await RawPeer.OpenAsync(host.Port, "ada");
        await using var other = await RawPeer.OpenAsync(host.Port, "grace");
        await using (var third = await RawPeer.ConnectAsync(host.Port))
        {
            await third.SendAsync(RawPeer.Handshake("ada"));
            var response = await third.ReadResponseAsync();
            Assert.That((response!.Status, response.Code, response.Header("Retry-After")), Is.EqualTo((503, "too_many_connections", "1")));
        }

        await first.SendFrameAsync(RawFrame.Close, Array.Empty<byte>());
        await first.ReadCloseAsync();
        await first.ReadToEndAsync();

        await using var again = await RawPeer.OpenAsync(host.Port, "ada");
        host.AssertNoErrors();
    }

    // Otherwise the kernel swallows megabytes for a page that reads nothing, and nobody notices.
    [Test]
    public async Task Peer_ReadsNothing_TheKernelTakesLittleBeforeTheServerNotices([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:QueueBytes", "67108864"), ("Netra:Connections:QueueFrames", "65536"), HostLogs.NoPings],
            kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 64 * 1024);
        await using var emitter = await host.EmitterOfAsync("ada");
        var connection = host.Connections.All.Single();
        const int EventBytes = 16 * 1024;
        var text = new string('x', EventBytes);
        long emitted = 0;

        // What is emitted and not queued has gone to the transport; once that stops growing, the transport takes no more.
        while (connection.Queue.Bytes < 4 * EventBytes && emitted < 16 * 1024 * 1024)
        {
            await emitter.TokenAsync(text);
            emitted += EventBytes;
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        Assert.That(emitted - connection.Queue.Bytes, Is.LessThan(1024 * 1024));
    }

    private static TestCaseData Case(string name, Func<Task<AuthenticationResult>> script, int status, string code)
        => new TestCaseData(script, status, code).SetArgDisplayNames(name);
}
