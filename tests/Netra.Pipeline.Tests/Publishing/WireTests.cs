using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>
/// What HTTP lets a peer send in more ways than one: escapes, byte order marks, half-closed connections, other methods and versions, empty
/// header fields.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WireTests
{
    private static readonly Encoding NoMark = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    // What a route names is decoded once: %252F is a percent sign and two characters, %2F a slash.
    [TestCase("team%2Fred", "team/red")]
    [TestCase("team%2fred", "team/red")]
    [TestCase("team%252Fred", "team%2Fred")]
    [TestCase("team%25252Fred", "team%252Fred")]
    [TestCase("%2E", ".")]
    [TestCase("%2E%2E", "..")]
    [TestCase("%2e.", "..")]
    [TestCase("a%2Eb", "a.b")]
    [TestCase("50%25", "50%")]
    [TestCase("Jos%C3%A9", "José")]
    public async Task Route_UserWithEscapes_IsTheOneThatWasSent(string segment, string user)
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Monitoring:Enabled", "true")]);
        foreach (var each in new[] { "team/red", "team%2Fred", "team%252Fred", ".", "..", "a.b", "50%", "José" })
        {
            await using var emitter = await host.EmitterOfAsync(each);
            await emitter.AgentStartedAsync("demo");
        }

        var undelivered = await AskAsync(host, $"/v1/users/{segment}/undelivered?limit=5");
        var figures = await AskAsync(host, $"/monitoring/websocket/users/{segment}");

        Assert.That((undelivered.Status, figures.Status), Is.EqualTo((200, 200)));
        Assert.That(JsonDocument.Parse(undelivered.Body).RootElement.GetProperty("user_id").GetString(), Is.EqualTo(user));
        Assert.That(JsonDocument.Parse(figures.Body).RootElement.GetProperty("user_id").GetString(), Is.EqualTo(user));
    }

    // Such users could be made, and not be erased.
    [TestCase("%2E", ".")]
    [TestCase("%2E%2E", "..")]
    [TestCase("team%2Fred", "team/red")]
    public async Task Erase_UserWithEscapes_IsTheOneThatWasSent(string segment, string user)
    {
        await using var host = await PipelineHost.StartAsync();
        await using (var emitter = await host.EmitterOfAsync(user))
        {
            await emitter.AgentStartedAsync("demo");
        }

        var erased = await AskAsync(host, $"/v1/users/{segment}", "DELETE");

        Assert.That(erased.Status, Is.EqualTo(200));
        Assert.That(JsonDocument.Parse(erased.Body).RootElement.GetProperty("accepted").GetInt64(), Is.EqualTo(1));
    }

    // Dots that are not escaped mean "here" and "above", as RFC 3986 says, and an escaped one brings nobody elsewhere. What is left of the
    // first is a user called undelivered, who can be erased and not be got.
    [TestCase("/v1/users/./undelivered", 405)]
    [TestCase("/v1/users/ada/../grace/undelivered", 200)]
    [TestCase("/hidden/%2E%2E/v1/users/grace/undelivered", 200)]
    [TestCase("/v1/%2E%2E/v1/users/%2E/undelivered", 405)]
    public async Task Route_DotSegments_AreTakenAsTheServerTakesThem(string path, int status)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("grace");
        await emitter.AgentStartedAsync("demo");

        Assert.That((await AskAsync(host, path)).Status, Is.EqualTo(status));
    }

    [TestCase("/v1/users/Jos%E9/undelivered")]
    [TestCase("/v1/users/%/undelivered")]
    [TestCase("/v1/users/ada%2/undelivered")]
    [TestCase("/v1/users/%zz/undelivered")]
    [TestCase("/v1/ledger?user_id=Jos%E9")]
    [TestCase("/v1/ledger?user_id=%ff%fe")]
    [TestCase("/v1/dead-letters?user_id=100%")]
    [TestCase("/monitoring/websocket/users/%C3")]
    public async Task Target_WithMalformedEscapes_Is400(string target)
    {
        await using var host = await PipelineHost.StartAsync();

        var answer = await AskAsync(host, target);

        Assert.That(answer.Status, Is.EqualTo(400));
        Assert.That(answer.Code, Is.EqualTo("bad_request"));
    }

    [Test]
    public async Task Handshake_WithMalformedEscapes_Is400(
        [Values("Jos%E9", "%ff%fe", "100%", "%u0041", "a%0")] string user, [Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(RawPeer.Handshake(user));

        var answer = (await client.ReadResponseAsync())!;

        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "bad_request")));
        var stream = await AskAsync(host, $"/v1/stream?user_id={user}");
        Assert.That((stream.Status, stream.Code), Is.EqualTo((400, "bad_request")));
    }

    [TestCase("POST /ws?user_id=ada HTTP/1.1", 405)]
    [TestCase("PUT /ws?user_id=ada HTTP/1.1", 405)]
    [TestCase("DELETE /ws?user_id=ada HTTP/1.1", 405)]
    [TestCase("OPTIONS /ws?user_id=ada HTTP/1.1", 405)]
    [TestCase("GET /ws?user_id=ada HTTP/1.0", 426)]
    public async Task Upgrade_ByAnotherMethodOrVersion_IsNone(string requestLine, int status)
    {
        foreach (var kestrel in new Action<KestrelServerOptions>[] { Listeners.FastDoor, Listeners.SecondDoorOnly })
        {
            await using var host = await PipelineHost.StartAsync(kestrel: kestrel);
            await using var client = await RawPeer.ConnectAsync(host.Port);
            await client.SendAsync(RawPeer.Handshake("ada", requestLine: requestLine));

            var answer = (await client.ReadResponseAsync())!;

            Assert.That(answer.Status, Is.EqualTo(status));
            Assert.That(answer.Header("Allow"), Is.EqualTo(status == 405 ? "GET" : null));
        }
    }

    [Test]
    public async Task Publish_WholeRequestAndThenFin_IsAnswered()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        for (var i = 0; i < 10; i++)
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            var body = TokenJson($"{i}");
            await client.SendAsync(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {NoMark.GetByteCount(body)}\r\n\r\n{body}");
            client.ShutdownSend();

            Assert.That((await client.ReadResponseAsync())?.Status, Is.EqualTo(202));
        }

        host.AssertNoErrors();
    }

    [Test]
    public async Task Lines_WholeRequestAndThenFin_AreAnswered()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        for (var i = 0; i < 10; i++)
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            var body = TokenJson("a") + "\n" + TokenJson("b") + "\n";
            await client.SendAsync(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                + $"Content-Length: {NoMark.GetByteCount(body)}\r\n\r\n{body}");
            client.ShutdownSend();

            var answer = await client.ReadResponseAsync();
            Assert.That(answer?.Status, Is.EqualTo(200));
            Assert.That(
                Encoding.UTF8.GetString(answer!.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries),
                Has.Length.EqualTo(2).And.All.Contains("stored"));
        }

        host.AssertNoErrors();
    }

    [Test]
    public async Task Lines_FinInTheMiddle_IsNothingUnhandled([Values(0, 1, 40)] int cut)
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        for (var i = 0; i < 10; i++)
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            var line = TokenJson("a") + "\n";
            await client.SendAsync(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
            await client.SendAsync($"{NoMark.GetByteCount(line):x}\r\n{line}\r\n"[..^cut]);
            client.ShutdownSend();
            await client.ReadToEndAsync();
        }

        await Eventually.BecomesTrueAsync(() => host.Services.GetRequiredService<OpenRequests>().Count == 0, "all requests have ended");
        host.AssertNoErrors();
    }

    [Test]
    public async Task Mark_BeforeJson_IsIgnored()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var body = new ByteArrayContent([0xEF, 0xBB, 0xBF, .. NoMark.GetBytes(EventJson("agent_started", """{"agent_name":"a"}"""))]);
        body.Headers.ContentType = new("application/json");

        Assert.That((await http.PostAsync("/v1/events", body)).StatusCode, Is.EqualTo(HttpStatusCode.Accepted));

        await using var lines = await PublishLines.OpenAsync(host);
        await lines.SendAsync((byte[])[0xEF, 0xBB, 0xBF, .. NoMark.GetBytes(TokenJson("a") + "\n" + TokenJson("b") + "\n")]);
        Assert.That(
            (await lines.CompleteAsync()).Select(static answer => answer.GetProperty("status").GetString()),
            Is.EqualTo(new[] { "stored", "stored" }));
    }

    [Test]
    public async Task LastEventId_Empty_IsAbsent()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync("GET /v1/stream?user_id=ada HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \r\n\r\n");

        var head = await ReadHeadAsync(client);

        Assert.That(head, Does.StartWith("HTTP/1.1 200 ").And.Contain("Cache-Control: no-store, no-transform"));
    }

    [Test]
    public async Task Answer_WhileNothingIsAnswered_HasEmptyLines()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Publish:AnswerKeepAlive", "00:00:01")]);
        await using var lines = await PublishLines.OpenAsync(host);
        Assert.That(lines.Head, Does.Contain("Cache-Control: no-store, no-transform"));

        await lines.ReadEmptyLinesAsync(2);
        await lines.SendAsync(TokenJson("a"));

        Assert.That((await lines.ReadAsync())!.Value.GetProperty("status").GetString(), Is.EqualTo("stored"));
        await lines.ReadEmptyLinesAsync(1);
        Assert.That(await lines.CompleteAsync(), Is.Empty);
    }

    // The log may be waited for longer than a proxy waits for a byte.
    [Test]
    public async Task Answer_WhileReceiptsWaitForTheLog_HasEmptyLinesBetweenThem()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseEventLog<HoldingEventLog>(),
            settings: [("Netra:Publish:AnswerKeepAlive", "00:00:01"), ("Netra:Publish:StoreTimeout", "00:00:30")]);
        var log = (HoldingEventLog)host.Services.GetRequiredService<Netra.Pipeline.Storage.IEventLog>();
        await using var lines = await PublishLines.OpenAsync(host);
        log.Hold();
        await lines.SendAsync(TokenJson("a"));
        await lines.SendAsync(TokenJson("b"));

        await lines.ReadEmptyLinesAsync(2);
        log.Release();

        Assert.That((await lines.ReadAsync())!.Value.GetProperty("seq").GetInt64(), Is.EqualTo(1));
        Assert.That((await lines.ReadAsync())!.Value.GetProperty("seq").GetInt64(), Is.EqualTo(2));
        Assert.That(await lines.CompleteAsync(), Is.Empty);
    }

    [Test]
    public async Task Requests_MoreThanMayBeOpen_AreRefusedAndLaterTaken()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Publish:MaxOpenRequests", "2")]);
        await using var first = await PublishLines.OpenAsync(host);
        var second = await PublishLines.OpenAsync(host);

        await using var refused = await PublishLines.OpenAsync(host);
        Assert.That(refused.Head, Does.StartWith("HTTP/1.1 503 ").And.Contain("Retry-After: 1"));

        await second.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => host.Services.GetRequiredService<OpenRequests>().Count == 1, "the second one is gone");
        await using var third = await PublishLines.OpenAsync(host);
        Assert.That(third.Head, Does.StartWith("HTTP/1.1 200 "));
    }

    // Whoever feeds a run is never ended for others, however long it is silent.
    [Test]
    public async Task Requests_MoreIdleOnesThanMayBe_TheMostSilentEndsProperly()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Publish:MaxIdleRequests", "1")], time: time);
        await using var feeding = await PublishLines.OpenAsync(host);
        await feeding.SendAsync(EventJson("agent_started", """{"agent_name":"a","lease_ms":86400000}"""));
        await feeding.ReadAsync();
        await using var silent = await PublishLines.OpenAsync(host);
        await using var later = await PublishLines.OpenAsync(host);
        await later.SendAsync(TokenJson("a", runId: "r2"));
        await later.ReadAsync();
        time.Advance(TimeSpan.FromMinutes(2));

        await using var newest = await PublishLines.OpenAsync(host);

        Assert.That(newest.Head, Does.StartWith("HTTP/1.1 200 "));
        Assert.That(await silent.ReadToEndAsync(), Is.Empty);
        Assert.That(silent.HasEnded, Is.True, "as an answer should");
        await feeding.SendAsync(TokenJson("b"));
        Assert.That((await feeding.ReadAsync())!.Value.GetProperty("status").GetString(), Is.EqualTo("stored"));
    }

    [Test]
    public async Task Connections_MoreThanMayBeOpen_AreClosedAndPagesGoOn()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:MaxConnections", "16"), HostLogs.NoPings]);
        await using var page = await RawPeer.OpenAsync(host.Port, "ada");
        var silent = new List<RawPeer>();
        for (var i = 0; i < 15; i++)
        {
            silent.Add(await RawPeer.ConnectAsync(host.Port));
        }

        var slots = host.Services.GetRequiredService<ConnectionSlots>();
        await Eventually.BecomesTrueAsync(() => slots.Count == 16, "all are taken");
        await using (var surplus = await RawPeer.TryConnectAsync(host.Port))
        {
            Assert.That(surplus is null ? 0 : await surplus.ReadToEndAsync(), Is.Zero);
        }

        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");
        Assert.That((await page.ReadFrameAsync())!.PayloadText, Does.Contain("agent_started"));

        foreach (var peer in silent)
        {
            await peer.DisposeAsync();
        }

        await Eventually.BecomesTrueAsync(() => slots.Count == 1, "the slots come back");
        await using var another = await RawPeer.OpenAsync(host.Port, "grace");
    }

    // Connections that HTTP keeps alive are in nobody's way for long, and one whose request is open stays.
    [Test]
    public async Task Connections_KeptAliveAndIdle_MakeRoom()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:MaxConnections", "16"), HostLogs.NoPings], map: Hello.Map);
        await using var publisher = await PublishLines.OpenAsync(host);
        var idle = new List<RawPeer>();
        for (var i = 0; i < 15; i++)
        {
            idle.Add(await RawPeer.ConnectAsync(host.Port));
            await Hello.GetAsync(idle[^1]);
        }

        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);
        await using var page = await RawPeer.OpenAsync(host.Port, "ada");
        await using var another = await RawPeer.OpenAsync(host.Port, "grace");

        await publisher.SendAsync(TokenJson("a"));
        Assert.That(
            (await publisher.ReadAsync())!.Value.GetProperty("status").GetString(),
            Is.EqualTo("queued"),
            "who has an open request is not cut");
        foreach (var peer in idle)
        {
            await peer.DisposeAsync();
        }
    }

    // Before the door there is TLS, and whoever says nothing there is silent like anybody; whoever has begun to speak may wait for us.
    [Test]
    [Platform("Linux")]
    public async Task Connections_SilentBeforeTls_MakeRoomUnlessTheyHaveSpoken([Values] bool haveSpoken)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:MaxConnections", "16"), HostLogs.NoPings], kestrel: Listeners.Tls);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => Listeners.Certificate.Equals(certificate),
            },
            PooledConnectionLifetime = TimeSpan.Zero,
        });
        var livez = new Uri($"https://127.0.0.1:{host.Port}/livez");
        Assert.That((await client.GetAsync(livez)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var slots = host.Services.GetRequiredService<ConnectionSlots>();
        await Eventually.BecomesTrueAsync(() => slots.Count == 0, "nobody is there");
        var silent = new List<RawPeer>();
        for (var i = 0; i < 16; i++)
        {
            silent.Add(await RawPeer.ConnectAsync(host.Port));
            if (haveSpoken)
            {
                await silent[^1].SendAsync("\u0016");
            }
        }

        await Eventually.BecomesTrueAsync(() => slots.Count == 16, "all are taken");
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);

        if (haveSpoken)
        {
            Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(livez));
        }
        else
        {
            Assert.That((await client.GetAsync(livez)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        foreach (var peer in silent)
        {
            await peer.DisposeAsync();
        }
    }

    // Probes and operators get through when pages fill the rest, and the pages that do not fit are told so.
    [Test]
    public async Task Pages_MoreThanMayBeHeld_AreRefusedAndProbesAnswered([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:MaxConnections", "16"), HostLogs.NoPings],
            kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        var pages = new List<RawPeer>();
        for (var i = 0; i < 14; i++)
        {
            pages.Add(await RawPeer.OpenAsync(host.Port, $"ada-{i}"));
        }

        await using (var refused = await RawPeer.ConnectAsync(host.Port))
        {
            await refused.SendAsync(RawPeer.Handshake("grace"));
            var answer = (await refused.ReadResponseAsync())!;
            Assert.That((answer.Status, answer.Code), Is.EqualTo((503, "too_many_connections")));
        }

        Assert.That((await AskAsync(host, "/livez")).Status, Is.EqualTo(200));
        await pages[0].DisposeAsync();
        await Eventually.BecomesTrueAsync(() => host.Services.GetRequiredService<ConnectionSlots>().TryHold(), "its place is free");
        host.Services.GetRequiredService<ConnectionSlots>().Release();
        await using var next = await RawPeer.OpenAsync(host.Port, "grace");
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }
    }

    private static async Task<RawResponse> AskAsync(PipelineHost host, string target, string method = "GET")
    {
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return (await client.ReadResponseAsync())!;
    }

    private static async Task<string> ReadHeadAsync(RawPeer client)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
            && await client.Stream.ReadAsync(one).AsTask().WaitAsync(TestClient.Patience) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
