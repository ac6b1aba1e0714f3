using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Handshakes of hostile and unlucky peers, at connection level. All share one host: none may harm another.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FastDoorTests
{
    private PipelineHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
        => _host = await PipelineHost.StartAsync(map: static app =>
        {
            app.MapGet("/hello", static () => "hello");
            app.MapPost("/echo", static (HttpRequest request) => Results.Stream(request.Body));
        });

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        try
        {
            using var http = new HttpClient();
            Assert.That(
                await http.GetStringAsync(new Uri(_host.HttpAddress, "/hello")),
                Is.EqualTo("hello"),
                "after all of this the port serves HTTP");
            _host.AssertNoErrors();
        }
        finally
        {
            await _host.DisposeAsync();
        }
    }

    [Test]
    public async Task Handshake_Right_IsTakenAtConnectionLevel()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);

        await client.SendAsync(RawPeer.Handshake("right"));

        var response = await client.ReadResponseAsync();
        Assert.That(response!.Status, Is.EqualTo(101));
        Assert.That(response.Header("Sec-WebSocket-Accept"), Is.EqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Assert.That(response.Header("Sec-WebSocket-Protocol"), Is.EqualTo("netra.v1"));
        Assert.That(response.Header("Date"), Is.Null, "HTTP was not asked");
        await client.ReadWelcomeAsync();
    }

    [Test]
    public async Task Handshake_InOneBytePieces_IsTaken()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        foreach (var piece in RawPeer.Handshake("bytewise"))
        {
            await client.SendAsync(piece.ToString());
        }

        Assert.That((await client.ReadResponseAsync())!.Status, Is.EqualTo(101));
        await client.ReadWelcomeAsync();
    }

    [Test]
    public async Task Handshake_CutAtEveryPosition_IsTaken()
    {
        var handshake = RawPeer.Handshake("cut");
        for (var cut = 1; cut < handshake.Length; cut++)
        {
            await using var client = await RawPeer.ConnectAsync(_host.Port);
            await client.SendAsync(handshake[..cut]);
            await Task.Yield();
            await client.SendAsync(handshake[cut..]);

            Assert.That((await client.ReadResponseAsync())!.Status, Is.EqualTo(101), $"cut at {cut}");
            await client.ReadWelcomeAsync();
        }
    }

    [Test]
    public async Task Frames_SentTogetherWithTheHandshake_AreHandledAfterTheWelcome()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync((byte[])
        [
            .. Encoding.ASCII.GetBytes(RawPeer.Handshake("eager")),
            .. RawFrame.Encode("""{"type":"made_up"}"""),
            .. RawFrame.Encode(RawFrame.Ping, "eager"u8),
        ]);

        Assert.That((await client.ReadResponseAsync())!.Status, Is.EqualTo(101));
        var frames = new[] { await client.ReadFrameAsync(), await client.ReadFrameAsync(), await client.ReadFrameAsync() };
        Assert.That(frames.Where(static f => f!.Opcode == RawFrame.Pong).Select(static f => f!.PayloadText), Is.EqualTo(new[] { "eager" }));
        var messages = frames.Where(static f => f!.Opcode == RawFrame.Text).Select(static f => f!.PayloadText).ToArray();
        Assert.That(messages[0], Does.StartWith("{\"type\":\"welcome\""));
        Assert.That(messages[1], Does.StartWith("{\"type\":\"error\"").And.Contain("unknown_message"));
    }

    [TestCase("version", "12", 426, "unsupported_version")]
    [TestCase("version", "", 426, "unsupported_version")]
    [TestCase("version", "13\r\nSec-WebSocket-Version: 13", 426, "unsupported_version")]
    [TestCase("key", "", 400, "bad_key")]
    [TestCase("key", "Sec-WebSocket-Key:\r\n", 400, "bad_key")]
    [TestCase("key", "Sec-WebSocket-Key: c2hvcnQ=\r\n", 400, "bad_key")]
    [TestCase("key", "Sec-WebSocket-Key: " + RawPeer.Key + "\r\nSec-WebSocket-Key: " + RawPeer.Key + "\r\n", 400, "bad_key")]
    [TestCase("fields", "Sec-WebSocket-Protocol: netra.v2\r\n", 400, "unsupported_subprotocol")]
    [TestCase("fields", "Host: twice\r\n", 400, "bad_request")]
    [TestCase("fields", "Content-Length: 5\r\n", 400, "bad_request")]
    [TestCase("fields", "Transfer-Encoding: chunked\r\n", 400, "bad_request")]
    [TestCase("fields", "no colon\r\n", 400, "bad_request")]
    [TestCase("more", "&seq=-1", 400, "bad_resume")]
    [TestCase("more", "&from=1", 400, "bad_resume")]
    [TestCase("more", "&seq=4&from=5", 400, "bad_resume")]
    [TestCase("more", "&epoch=%20", 400, "bad_resume")]
    [TestCase("requestLine", "GET /ws HTTP/1.1", 400, "bad_request")]
    [TestCase("requestLine", "GET /ws?user_id=a&user_id=b HTTP/1.1", 400, "bad_request")]
    [TestCase("requestLine", "GET /ws?user_id=$system HTTP/1.1", 400, "bad_request")]
    public async Task Handshake_Wrong_IsRefusedAndTheConnectionClosed(string part, string value, int status, string code)
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(part switch
        {
            "version" => RawPeer.Handshake("wrong", version: value),
            "key" => RawPeer.Handshake("wrong", key: value),
            "fields" => RawPeer.Handshake("wrong", fields: value),
            "more" => RawPeer.Handshake("wrong", more: value),
            _ => RawPeer.Handshake("wrong", requestLine: value),
        });

        var response = await client.ReadResponseAsync();

        Assert.That((response!.Status, response.Code), Is.EqualTo((status, code)));
        Assert.That(response.Header("Sec-WebSocket-Version"), Is.EqualTo(status == 426 ? "13" : null));
        Assert.That(await client.ReadToEndAsync(), Is.Zero, "nothing comes after the answer but the end");
    }

    [Test]
    public async Task Handshake_WithoutHost_IsRefused()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(RawPeer.Handshake("hostless").Replace("Host: localhost\r\n", string.Empty, StringComparison.Ordinal));

        Assert.That((await client.ReadResponseAsync())!.Code, Is.EqualTo("bad_request"));
    }

    [Test]
    public async Task Http_PipelinedAfterARefusedHandshake_IsNotServed()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(RawPeer.Handshake("pipelining", version: "1") + "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.That((await client.ReadResponseAsync())!.Status, Is.EqualTo(426));
        Assert.That(await client.ReadToEndAsync(), Is.Zero);
    }

    [Test]
    public async Task Refusal_MuchUnreadInputRemains_StillReachesThePeer()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var client = await RawPeer.ConnectAsync(_host.Port);
            await client.TrySendAsync(
                (byte[])[.. Encoding.ASCII.GetBytes(RawPeer.Handshake("unread", version: "1")), .. new byte[512 * 1024]]);

            Assert.That((await client.ReadResponseAsync())?.Status, Is.EqualTo(426));
        }
    }

    [Test]
    public async Task Header_WithoutEnd_IsRefusedSoon()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Endless: ");
        var chunk = new byte[16 * 1024];
        chunk.AsSpan().Fill((byte)'a');
        var taken = 0;
        while (taken < 64 * 1024 * 1024 && await client.TrySendAsync(chunk))
        {
            taken += chunk.Length;
        }

        Assert.That(taken, Is.LessThan(32 * 1024 * 1024), "the server must stop taking it");
        Assert.That((await client.ReadResponseAsync())?.Code, Is.EqualTo("headers_too_large"));
    }

    [Test]
    public async Task Headers_TooMany_AreRefused()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(
            RawPeer.Handshake("many", fields: string.Concat(Enumerable.Range(0, 200).Select(static i => $"X-{i}: a\r\n"))));

        var response = await client.ReadResponseAsync();

        Assert.That((response!.Status, response.Code), Is.EqualTo((431, "too_many_headers")));
    }

    [Test]
    public async Task RequestLine_WithoutEnd_IsRefusedByHttp()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.TrySendAsync(Encoding.ASCII.GetBytes("GET /ws?" + new string('a', 64 * 1024)));

        Assert.That((await client.ReadResponseAsync())?.Status, Is.EqualTo(414));
    }

    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")]
    public async Task Http_OnTheWebSocketsPathWithoutUpgrade_IsToldWhatThePathIsFor(string request)
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(request);

        var response = await client.ReadResponseAsync();

        Assert.That((response!.Status, response.Code), Is.EqualTo((426, "not_a_websocket")));
        Assert.That(response.Header("Sec-WebSocket-Version"), Is.EqualTo("13"));
        Assert.That(response.Header("Upgrade"), Is.EqualTo("websocket"));
    }

    [Test]
    public async Task Http_FirstRequestOfAConnection_ReachesHttpByteForByte()
    {
        var body = new byte[300_000];
        new Random(1).NextBytes(body);
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(
            $"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);

        var response = await client.ReadResponseAsync();

        Assert.That(response!.Body, Is.EqualTo(body));
    }

    [Test]
    public async Task Http_PipelinedRequests_AreAllServed()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync(string.Concat(Enumerable.Repeat("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 5)));

        for (var i = 0; i < 5; i++)
        {
            Assert.That((await client.ReadResponseAsync())!.Text, Is.EqualTo("hello"));
        }
    }

    [Test]
    public async Task Handshake_PeerEndsItsSideInTheMiddle_IsLeftToHttp()
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: loc");
        client.ShutdownSend();

        Assert.That((await client.ReadResponseAsync())?.Status, Is.Null.Or.EqualTo(400));
        await client.ReadToEndAsync();
    }

    [Test]
    public async Task Handshake_PeerResetsInTheMiddle_LeavesNothingBehind()
    {
        for (var i = 0; i < 20; i++)
        {
            var client = await RawPeer.ConnectAsync(_host.Port);
            await client.SendAsync(RawPeer.Handshake("resetting")[..(i * 10)]);
            client.Reset();
        }

        await using var bystander = await TestClient.ConnectAsync(_host.SocketAddress("after-resets"));
        Assert.That(_host.Connections.ConnectionsOf("resetting"), Is.Empty);
    }

    [Test]
    public async Task Http_Meanwhile_IsServedByTheSamePort()
    {
        using var http = new HttpClient();
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await http.GetStringAsync(new Uri(_host.HttpAddress, "/hello")), Is.EqualTo("hello"));
            Assert.That((await http.GetAsync(new Uri(_host.HttpAddress, "/ws"))).StatusCode, Is.EqualTo(HttpStatusCode.UpgradeRequired));
        }
    }
}
