using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>A host with open sockets stops in the time of a goodbye, not of a timeout, whatever its peers do.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HostShutdownTests
{
    // Against the host's 30 s; a goodbye takes 250 ms.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    // For peers that do not answer it, but look for it: it must be on its way before their transports are cut.
    private static readonly (string Key, string Value) Goodbye = ("Netra:Hosting:GoodbyeTimeout", "00:00:02");

    private static readonly Action<KestrelServerOptions>[] Doors = [Listeners.FastDoor, Listeners.SecondDoorOnly];

    [TestCaseSource(nameof(Doors))]
    public async Task Stop_ClientsThatRead_GetTheGoodbye(Action<KestrelServerOptions> kestrel)
    {
        await using var host = await PipelineHost.StartAsync(settings: [HostLogs.LongGoodbye], kestrel: kestrel);
        var clients = await ConnectAsync(host, 5);
        var reading = clients.Select(static c => c.ReadToEndAsync()).ToArray();

        await AssertStopsSoonAsync(host);

        foreach (var end in await Task.WhenAll(reading))
        {
            Assert.That(((int?)end.Status, end.Reason), Is.EqualTo(((int?)1012, "server_shutdown")));
        }

        await DisposeAsync(clients);
        host.AssertNoErrors();
    }

    [TestCaseSource(nameof(Doors))]
    public async Task Stop_ClientsThatDoNotRead_HoldNothingUp(Action<KestrelServerOptions> kestrel)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: kestrel);
        var clients = await ConnectAsync(host, 5);

        await AssertStopsSoonAsync(host);

        await DisposeAsync(clients);
        host.AssertNoErrors();
    }

    [TestCaseSource(nameof(Doors))]
    public async Task Stop_PeersThatStall_HoldNothingUp(Action<KestrelServerOptions> kestrel)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: kestrel);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 16 * 1024);
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            var text = new string('x', 64 * 1024);
            for (var i = 0; i < 12; i++)
            {
                await emitter.TokenAsync(text);
            }
        }

        await AssertStopsSoonAsync(host);
        host.AssertNoErrors();
    }

    [TestCaseSource(nameof(Doors))]
    public async Task Stop_PeersThatNeverAnswerTheGoodbye_HoldNothingUp(Action<KestrelServerOptions> kestrel)
    {
        await using var host = await PipelineHost.StartAsync(settings: [Goodbye], kestrel: kestrel);
        await using var silent = await RawPeer.OpenAsync(host.Port, "ada");
        await using var talking = await RawPeer.OpenAsync(host.Port, "grace");
        await talking.SendFrameAsync(RawFrame.Text, "{"u8.ToArray(), final: false);

        await AssertStopsSoonAsync(host);

        Assert.That((await silent.ReadCloseAsync()).CloseStatus, Is.EqualTo(1012));
        Assert.That((await talking.ReadCloseAsync()).CloseStatus, Is.EqualTo(1012));
        host.AssertNoErrors();
    }

    [Test]
    public async Task Stop_HandshakesInProgress_HoldNothingUp()
    {
        await using var host = await PipelineHost.StartAsync(map: Hello.Map);
        await using var nothing = await RawPeer.ConnectAsync(host.Port);
        await using var half = await RawPeer.ConnectAsync(host.Port);
        await half.SendAsync(RawPeer.Handshake("ada")[..60]);
        await using var idle = await RawPeer.ConnectAsync(host.Port);
        await Hello.GetAsync(idle);

        await AssertStopsSoonAsync(host);

        foreach (var client in new[] { nothing, half, idle })
        {
            Assert.That(await client.ReadToEndAsync(), Is.Zero);
        }

        host.AssertNoErrors();
    }

    // What a host serves beside the pipeline has the host's own time.
    [Test]
    public async Task Stop_RequestOfTheHostsOwn_IsServedToItsEnd()
    {
        var time = new TestTimeProvider();
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<string>();
        await using var host = await PipelineHost.StartAsync(time: time, map: app => app.MapGet("/slow", () =>
        {
            asked.SetResult();
            return answer.Task;
        }));
        await using var half = await SendHalfARequestAsync(host);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await asked.Task.WaitAsync(TestClient.Patience);

        var stopping = host.StopAsync();
        await AssertIsCutAsync(half, time);
        answer.SetResult("slow");

        Assert.That((await client.ReadResponseAsync())?.Text, Is.EqualTo("slow"));
        await stopping.WaitAsync(TestClient.Patience);
    }

    // The handler has ended, and its answer waits for the peer: in the transport's buffer, or with HTTP/2 for the peer's window, 64 KiB.
    [Test]
    public async Task Stop_AnswerOfTheHostsOwnOnItsWay_ComesToItsEnd([Values] bool http2)
    {
        var time = new TestTimeProvider();
        var answer = new byte[http2 ? 85_000 : 16 * 1024 * 1024];
        var answered = new TaskCompletionSource();
        await using var host = await PipelineHost.StartAsync(
            static b => b.Services.Configure<SocketTransportOptions>(static options => options.MaxWriteBufferSize = null),
            time: time,
            kestrel: (Action<KestrelServerOptions>)Listeners.FastDoor + Listeners.ClearTextHttp2,
            map: app => app.MapGet("/large", (HttpResponse response) =>
            {
                response.BodyWriter.Write(answer);
                answered.SetResult();
            }));
        await using var half = await SendHalfARequestAsync(host);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, InitialHttp2StreamWindowSize = 65_535 });
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{(http2 ? addresses.Last() : addresses.First())}/large")
        {
            Version = http2 ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await answered.Task.WaitAsync(TestClient.Patience);

        var stopping = host.StopAsync();
        await AssertIsCutAsync(half, time);

        Assert.That(await response.Content.ReadAsByteArrayAsync().WaitAsync(TestClient.Patience), Has.Length.EqualTo(answer.Length));
        await stopping.WaitAsync(TestClient.Patience);
    }

    // The server would wait for the rest of the second one.
    [Test]
    public async Task Stop_HalfARequestAfterOneOfTheHostsOwn_HoldsNothingUp()
    {
        await using var host = await PipelineHost.StartAsync(map: Hello.Map);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await Hello.GetAsync(client);
        await client.SendAsync("GET / HTTP/1.1\r\nHo");

        await AssertStopsSoonAsync(host);

        await client.ReadToEndAsync();
        host.AssertNoErrors();
    }

    [Test]
    public async Task Stop_WhileAuthenticating_RefusesTheHandshakeAndHoldsNothingUp([Values] bool fastDoor)
    {
        var asked = new TaskCompletionSource();
        var authenticator = new ScriptedAuthenticator(async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return AuthenticationResult.Admit("ada");
        });
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator),
            kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(RawPeer.Handshake("ada"));
        await asked.Task.WaitAsync(TestClient.Patience);

        await AssertStopsSoonAsync(host);

        Assert.That((await client.ReadResponseAsync())?.Code, Is.EqualTo("draining"));
        host.AssertNoErrors();
    }

    [Test]
    public async Task Stop_WebSocketsOverHttp2_GetTheGoodbye()
    {
        await using var host = await PipelineHost.StartAsync(settings: [Goodbye], kestrel: Listeners.ClearTextHttp2);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var clients = new List<TestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await TestClient.ConnectAsync(
                host.SocketAddress("ada"),
                static options => (options.HttpVersion, options.HttpVersionPolicy) = (
                    System.Net.HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
                http));
        }

        var reading = clients.Take(2).Select(static c => c.ReadToEndAsync()).ToArray();

        await AssertStopsSoonAsync(host);

        foreach (var end in await Task.WhenAll(reading))
        {
            Assert.That((int?)end.Status, Is.EqualTo(1012));
        }

        await DisposeAsync(clients);
        host.AssertNoErrors();
    }

    /// <summary>A connection that is cut when the host stops, and shows when.</summary>
    private static async Task<RawPeer> SendHalfARequestAsync(PipelineHost host)
    {
        var peer = await RawPeer.ConnectAsync(host.Port);
        await peer.SendAsync("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
        return peer;
    }

    private static async Task AssertIsCutAsync(RawPeer half, TestTimeProvider time)
    {
        var end = half.ReadToEndAsync();
        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            },
            "half a request is cut");
        Assert.That(await end, Is.Zero);
    }

    private static async Task AssertStopsSoonAsync(PipelineHost host)
    {
        var begun = FairStopwatch.Start();
        await host.StopAsync();
        Assert.That(begun.Fair, Is.LessThan(Soon));
    }

    private static async Task<List<TestClient>> ConnectAsync(PipelineHost host, int count)
    {
        var clients = new List<TestClient>();
        for (var i = 0; i < count; i++)
        {
            clients.Add(await TestClient.ConnectAsync(host.SocketAddress($"user-{i % 3}")));
        }

        return clients;
    }

    private static async Task DisposeAsync(List<TestClient> clients)
    {
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
