using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Handshakes that reach HTTP, over every way there is, and that they mean the same as those at connection level.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SecondDoorTests
{
    [Test]
    public async Task Upgrade_OnAReusedConnection_IsServed()
    {
        await using var host = await PipelineHost.StartAsync(map: Hello.Map);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await Hello.GetAsync(client);
        await Hello.GetAsync(client);

        await client.SendAsync(
            (byte[])[.. Encoding.ASCII.GetBytes(RawPeer.Handshake("ada")), .. RawFrame.Encode("""{"type":"made_up"}""")]);

        var response = await client.ReadResponseAsync();
        Assert.That(response!.Status, Is.EqualTo(101));
        Assert.That(response.Header("Sec-WebSocket-Accept"), Is.EqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Assert.That(response.Header("Sec-WebSocket-Protocol"), Is.EqualTo("netra.v1"));
        Assert.That(response.Header("Date"), Is.Not.Null, "HTTP answered");
        await client.ReadWelcomeAsync();
        Assert.That(
            (await client.ReadFrameAsync())!.PayloadText, Does.Contain("unknown_message"), "what came with the handshake is handled");
        await AssertDeliversAsync(host, client);
        await AssertClosesAsync(client);
        host.AssertNoErrors();
    }

    [Test]
    public async Task Upgrade_OnAListenerWithoutFastDoor_IsServed()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.SecondDoorOnly);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada");

        await AssertDeliversAsync(host, client);
        await AssertClosesAsync(client);
        host.AssertNoErrors();
    }

    [Test]
    public async Task Upgrade_OverTls_IsTakenAtConnectionLevel()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.Tls, map: Hello.Map);
        await using var client = await RawPeer.ConnectAsync(host.Port, SslApplicationProtocol.Http11);
        await client.SendAsync(RawPeer.Handshake("ada"));

        var response = await client.ReadResponseAsync();

        Assert.That(response!.Status, Is.EqualTo(101));
        Assert.That(response.Header("Date"), Is.Null, "HTTP was not asked");
        await client.ReadWelcomeAsync();
        await AssertDeliversAsync(host, client);
        await AssertClosesAsync(client);
        await using var http = await RawPeer.ConnectAsync(host.Port, SslApplicationProtocol.Http11);
        await Hello.GetAsync(http);
        await http.SendAsync(RawPeer.Handshake("ada"));
        Assert.That((await http.ReadResponseAsync())!.Status, Is.EqualTo(101), "and on a reused connection by HTTP");
        host.AssertNoErrors();
    }

    [Test]
    public async Task Handshake_OverTlsPeerVanishes_IsNoErrorOfTheServer()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.Tls);
        for (var i = 0; i < 10; i++)
        {
            var client = await RawPeer.ConnectAsync(host.Port, SslApplicationProtocol.Http11);
            await client.SendAsync(RawPeer.Handshake("ada", version: i % 2 == 0 ? "13" : "1")[..^(i / 2)]);
            client.Reset();
        }

        await using var after = await RawPeer.OpenAsync(host.Port, "grace", SslApplicationProtocol.Http11);
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "the others are gone");
        host.AssertNoErrors();
    }

    [Test]
    public async Task Handshake_OverTlsNotCompleteInTime_IsAnswered408()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.Tls, time: time);
        await using var client = await RawPeer.ConnectAsync(host.Port, SslApplicationProtocol.Http11);
        await client.SendAsync("GET /ws");
        var answer = client.ReadResponseAsync();

        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return answer.IsCompleted;
            },
            "the time is over");

        Assert.That((await answer)?.Status, Is.EqualTo(408));
        host.AssertNoErrors();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task ExtendedConnect_OverHttp2_IsServed(bool tls)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: tls ? Listeners.Tls : Listeners.ClearTextHttp2, map: Hello.Map);
        using var http = Http2Invoker();
        await using var client = await ConnectHttp2Async(host, http, tls, "ada");
        await using var second = await ConnectHttp2Async(host, http, tls, "ada");

        Assert.That(client.Socket.SubProtocol, Is.EqualTo("netra.v1"));
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 500; i++)
        {
            await emitter.TokenAsync($"{i} ");
        }

        foreach (var device in new[] { client, second })
        {
            Assert.That(
                (await device.ReadEventsAsync(500)).Select(static e => e.Seq),
                Is.EqualTo(Enumerable.Range(1, 500).Select(static i => (long)i)));
        }

        await client.CloseAsync();
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "one stream of the connection has ended, the other has not");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{(tls ? "https" : "http")}://localhost:{host.Port}/hello")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request, CancellationToken.None);
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("hello"));
        host.AssertNoErrors();
    }

    [Test]
    public async Task ExtendedConnect_Refused_LeavesTheOtherStreamsAlone()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.ClearTextHttp2);
        using var http = Http2Invoker();
        await using var first = await ConnectHttp2Async(host, http, tls: false, "ada");

        Assert.That(async () => await ConnectHttp2Async(host, http, tls: false, "ada", "&seq=-1"), Throws.TypeOf<WebSocketException>());

        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");
        Assert.That(await first.ReadEventsAsync(1), Has.Count.EqualTo(1));
        host.AssertNoErrors();
    }

    [TestCase("version", "12", 426, "unsupported_version")]
    [TestCase("key", "", 400, "bad_key")]
    [TestCase("fields", "Sec-WebSocket-Protocol: netra.v2\r\n", 400, "unsupported_subprotocol")]
    [TestCase("more", "&seq=a", 400, "bad_resume")]
    [TestCase("more", "&user_id=b", 400, "bad_request")]
    public async Task Handshake_Wrong_IsRefusedLikeAtTheFastDoor(string part, string value, int status, string code)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: Listeners.SecondDoorOnly);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(part switch
        {
            "version" => RawPeer.Handshake("ada", version: value),
            "key" => RawPeer.Handshake("ada", key: value),
            "fields" => RawPeer.Handshake("ada", fields: value),
            _ => RawPeer.Handshake("ada", more: value),
        });

        var response = await client.ReadResponseAsync();

        Assert.That((response!.Status, response.Code), Is.EqualTo((status, code)));
        Assert.That(response.Header("Sec-WebSocket-Version"), Is.EqualTo(status == 426 ? "13" : null));
        Assert.That(response.Header("Upgrade"), Is.EqualTo(status == 426 ? "websocket" : null));
        Assert.That(response.Header("Connection"), Is.EqualTo("close"));
        Assert.That(await client.ReadToEndAsync(), Is.Zero, "the connection is closed after it");
    }

    // A middleware may have begun to read the request; Kestrel then lets nobody change its size any more.
    [Test]
    public async Task Upgrade_BodySizeIsReadOnly_IsServed()
    {
        await using var host = await PipelineHost.StartAsync(
            kestrel: Listeners.SecondDoorOnly,
            map: static app => app.Use(static (context, next) =>
            {
                context.Features.Set<IHttpMaxRequestBodySizeFeature>(new FixedBodySize());
                return next();
            }));

        await using var client = await RawPeer.OpenAsync(host.Port, "ada");
    }

    [Test]
    public async Task Upgrade_AboveKestrelsLimit_IsRefusedWith503()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: static options =>
        {
            options.Limits.MaxConcurrentUpgradedConnections = 1;
            Listeners.SecondDoorOnly(options);
        });
        await using var first = await RawPeer.OpenAsync(host.Port, "ada");
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(RawPeer.Handshake("ada"));

        var response = await client.ReadResponseAsync();

        Assert.That((response!.Status, response.Code, response.Header("Retry-After")), Is.EqualTo((503, "too_many_connections", "1")));
        Assert.That(response.Header("Sec-WebSocket-Accept"), Is.Null);
        host.AssertNoErrors();
    }

    [Test]
    public async Task Authenticator_BothDoors_SeesTheSameRequest()
    {
        var authenticator = new ScriptedAuthenticator();
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator), map: Hello.Map);
        var handshake = RawPeer.Handshake(
            "b%C3%A9a+x%20y", "&seq=1&epoch=e&flag&Twice=1&twice=2&empty=",
            fields: "Sec-WebSocket-Protocol: other, netra.v1\r\nX-Twice: one\r\nx-twice: two\r\nX-Utf8: \u00e9\r\nCookie: a=b; c=d\r\n"
                + "Authorization: Bearer t\r\n");
        await using var fast = await RawPeer.ConnectAsync(host.Port);
        await fast.SendAsync(handshake);
        await fast.ReadResponseAsync();
        await using var second = await RawPeer.ConnectAsync(host.Port);
        await Hello.GetAsync(second);
        await second.SendAsync(handshake);
        await second.ReadResponseAsync();

        var requests = authenticator.Requests.ToArray();
        Assert.That(requests, Has.Length.EqualTo(2));
        Assert.That(requests[0].Query["user_id"].ToString(), Is.EqualTo("b\u00e9a x y"));
        Assert.That(requests[1].Path, Is.EqualTo(requests[0].Path));
        Assert.That(Fields(requests[1].Query), Is.EqualTo(Fields(requests[0].Query)));
        Assert.That(Fields(requests[1].Headers), Is.EqualTo(Fields(requests[0].Headers)));
        Assert.That(requests[1].Headers["x-TWICE"], Is.EqualTo(requests[0].Headers["X-twice"]));
        Assert.That(
            requests.Select(static r => (r.IsLoopback, r.IsSecure, ((IPEndPoint)r.RemoteEndPoint!).Address)),
            Is.All.EqualTo((true, false, IPAddress.Loopback)));
        Assert.That(
            requests.Select(static r => ((IPEndPoint)r.RemoteEndPoint!).Port),
            Is.EqualTo(new[] { ((IPEndPoint)fast.Socket.LocalEndPoint!).Port, ((IPEndPoint)second.Socket.LocalEndPoint!).Port }));
    }

    [Test]
    public async Task Authenticator_OverTlsAndHttp2_SeesTheSameRequest()
    {
        var authenticator = new ScriptedAuthenticator();
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator), kestrel: Listeners.Tls);
        await using var fast = await RawPeer.OpenAsync(host.Port, "ada", SslApplicationProtocol.Http11);
        using var http = Http2Invoker();
        await using var second = await ConnectHttp2Async(host, http, tls: true, "ada");

        var requests = authenticator.Requests.ToArray();
        Assert.That(
            requests.Select(static r => (r.Path, r.IsLoopback, r.IsSecure, User: r.Query["user_id"].ToString())),
            Is.EqualTo(Enumerable.Repeat(("/ws", true, true, "ada"), 2)));
        Assert.That(requests.Select(static r => r.IsExtendedConnect), Is.EqualTo(new[] { false, true }));
    }

    private static string[] Fields(IEnumerable<KeyValuePair<string, StringValues>> fields)
        =>
        [
            .. fields.Select(static field => $"{field.Key.ToLowerInvariant()}={string.Join('|', field.Value.ToArray())}").Order(
                StringComparer.Ordinal)
        ];

    private static HttpMessageInvoker Http2Invoker() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Subject == "CN=localhost" },
    });

    private static Task<TestClient> ConnectHttp2Async(PipelineHost host, HttpMessageInvoker http, bool tls, string userId, string more = "")
        => TestClient.ConnectAsync(
            new Uri($"{(tls ? "wss" : "ws")}://localhost:{host.Port}/ws?user_id={userId}{more}"),
            static options =>
            {
                options.HttpVersion = HttpVersion.Version20;
                options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            },
            http);

    private static async Task AssertDeliversAsync(PipelineHost host, RawPeer client)
    {
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 200; i++)
        {
            await emitter.TokenAsync($"{i} ");
        }

        for (var i = 1; i <= 200; i++)
        {
            Assert.That((await client.ReadFrameAsync())!.PayloadText, Does.Contain($"\"seq\":{i},"));
        }
    }

    private static async Task AssertClosesAsync(RawPeer client)
    {
        await client.SendFrameAsync(RawFrame.Close, new byte[] { 0x03, 0xE8 });
        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1000));
        Assert.That(await client.ReadToEndAsync(), Is.Zero);
    }

    private sealed class FixedBodySize : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly => true;

        public long? MaxRequestBodySize { get => 1000; set => throw new InvalidOperationException("The size is read-only."); }
    }
}
