using System.Net;
using System.Net.Sockets;
using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Deploy;

/// <summary>
/// The files for haproxy and nginx, in front of a real server: WebSockets, event streams and lines get through, at once and in both
/// directions, and the server knows who is there.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ProxyTests
{
    [TestCase("haproxy")]
    [TestCase("nginx")]
    public async Task Proxy_InFrontOfTheServer_HoldsNothingBack(string kind)
    {
        using var guarded = new GuardedServer();
        await using var folder = new ServerFolder();
        await using var server = guarded.Start(folder, FreePort.Find());
        var port = await server.WhenReadyAsync();
        await using var proxy = await ReverseProxy.StartAsync(kind, port, port);
        var root = new Uri($"http://127.0.0.1:{proxy.Port}");
        await using var page = await TestClient.ConnectAsync(
            new Uri($"ws://127.0.0.1:{proxy.Port}/ws?seq=0"),
            options =>
            {
                options.SetRequestHeader("Authorization", $"Bearer {guarded.TokenOf("ada")}");
                options.SetRequestHeader("Origin", root.GetLeftPart(UriPartial.Authority));
            });
        using var http = new HttpClient { BaseAddress = root, Timeout = TestClient.Patience };
        using var reading = new HttpRequestMessage(HttpMethod.Get, "/v1/stream?seq=0");
        reading.Headers.Add("Authorization", $"Bearer {guarded.TokenOf("ada")}");
        reading.Headers.Add("Accept", "text/event-stream");
        using var streamed = await http.SendAsync(reading, HttpCompletionOption.ResponseHeadersRead);
        using var stream = new StreamReader(await streamed.Content.ReadAsStreamAsync());

        // Each line is answered before the next one is sent, and both pages have it: nothing waits for the end of anything.
        await using (var lines = await PublishLines.OpenAsync(proxy.Port, $"Authorization: Bearer {guarded.Publisher}\r\n"))
        {
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
            Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));
            Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
            await ReadUntilAsync(stream, "\"seq\":1,");
            await lines.SendAsync(PublishExtensions.TokenJson("word"));
            Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(2));
            Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(2));
            await ReadUntilAsync(stream, "\"seq\":2,");
        }

        await page.AckAsync(2);
        using (var single = new HttpRequestMessage(HttpMethod.Post, "/v1/events"))
        {
            single.Headers.Add("Authorization", $"Bearer {guarded.Publisher}");
            single.Content = new StringContent(PublishExtensions.TokenJson("last"), Encoding.UTF8, "application/json");
            using var answer = await http.SendAsync(single);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        }

        await RefuseFromAsync(IPAddress.Parse("127.0.0.9"), proxy.Port);
        await Eventually.BecomesTrueAsync(
            () => server.Output.Contains("127.0.0.9", StringComparison.Ordinal), "the audit says who was refused");
    }

    private static async Task ReadUntilAsync(StreamReader stream, string text)
    {
        string? line;
        do
        {
            line = await stream.ReadLineAsync().WaitAsync(TestClient.Patience, TimeProvider.System);
        }
        while (!line!.Contains(text, StringComparison.Ordinal));
    }

    private static async Task RefuseFromAsync(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(RawPeer.Handshake("eve", requestLine: "GET /ws HTTP/1.1")));
        var answer = new byte[4096];
        var length = await socket.ReceiveAsync(answer).WaitAsync(TestClient.Patience, TimeProvider.System);
        Assert.That(Encoding.ASCII.GetString(answer, 0, length), Does.StartWith("HTTP/1.1 401"));
    }
}
