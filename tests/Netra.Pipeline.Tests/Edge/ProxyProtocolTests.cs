using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;
using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>The PROXY protocol, version 1, before everything else on a listener.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ProxyProtocolTests
{
    private const string Line = "PROXY TCP4 203.0.113.9 10.0.0.5 4711 443\r\n";

    private static readonly (string, string)[] Trusting =
        [("Netra:Proxies:ProxyProtocol", "true"), ("Netra:Proxies:Trusted:0", "127.0.0.1")];

    [TestCase(Line, "203.0.113.9")]
    [TestCase("PROXY TCP6 2001:db8::9 2001:db8::1 4711 443\r\n", "2001:db8::9")]
    [TestCase("PROXY UNKNOWN\r\n", "127.0.0.1")]
    [TestCase("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "127.0.0.1")]
    public async Task Line_OfATrustedProxy_SaysWhoTheClientIs(string line, string client)
    {
        await using var doors = await OpenAsync(Trusting, "Production", static listener => listener.UseNetraProxyProtocol());
        foreach (var port in doors.Ports)
        {
            await using var peer = await RawPeer.ConnectAsync(port);
            foreach (var piece in Pieces(line + Handshake("a.example")))
            {
                await peer.SendAsync(piece);
            }

            Assert.That((await peer.ReadResponseAsync())!.Status, Is.EqualTo(101));
            await peer.ReadWelcomeAsync();
            Assert.That(doors.TakeAsked().Client, Is.EqualTo(client));
        }
    }

    [Test]
    public async Task Line_ThenTheClientsForwardedFields_DoesNotMakeThemBelieved()
    {
        await using var doors = await OpenAsync(Trusting, "Production", static listener => listener.UseNetraProxyProtocol());
        foreach (var port in doors.Ports)
        {
            await AskAsync(port, Line + Handshake("a.example", "X-Forwarded-For: 127.0.0.1\r\n"));

            Assert.That(doors.TakeAsked().Client, Is.EqualTo("203.0.113.9"));
        }
    }

    [TestCase("")]
    [TestCase("PROXY TCP4 203.0.113.9 10.0.0.5 4711\r\n")]
    [TestCase("PROXY TCP4 203.0.113.9 10.0.0.5 4711 99999\r\n")]
    [TestCase("PROXY TCP4 203.0.113.9 10.0.0.5 4711\0 443\r\n")]
    [TestCase("PROXY TCP4 203.0.113 10.0.0.5 4711 443\r\n")]
    [TestCase("PROXY TCP4 2001:db8::9 10.0.0.5 4711 443\r\n")]
    [TestCase("PROXY TCP6 203.0.113.9 10.0.0.5 4711 443\r\n")]
    [TestCase("PROXY UDP4 203.0.113.9 10.0.0.5 4711 443\r\n")]
    [TestCase("PROXY  TCP4 203.0.113.9 10.0.0.5 4711 443\r\n")]
    [TestCase("PROXY TCP4 203.0.113.9 10.0.0.5 4711 443\n")]
    [TestCase("PROXY UNKNOWN this is longer than the longest line that there may be, and goes on and on without an end, and on and on")]
    [TestCase("\r\n\r\n\0\r\nQUIT\n")]
    public async Task Line_MalformedOrMissing_EndsTheConnectionAndIsCounted(string line)
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var doors = await OpenAsync(
            Trusting,
            before: static listener => listener.UseNetraProxyProtocol(),
            configure: pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters));

        await using var peer = await RawPeer.ConnectAsync(doors.Ports[0]);
        await peer.TrySendAsync(Encoding.ASCII.GetBytes(line + Handshake()));

        Assert.That(await peer.ReadToEndAsync(), Is.Zero);
        Assert.That(recorder.Sum("netra.requests.refused", "error.type", "proxy_protocol"), Is.EqualTo(1));
        doors.Host.AssertNoErrors();
    }

    [Test]
    public async Task Line_ThatDoesNotCome_EndsTheConnectionAfterItsTime()
    {
        await using var doors = await OpenAsync(
            [.. Trusting, ("Netra:Proxies:ProxyProtocolTimeout", "00:00:00.100")],
            before: static listener => listener.UseNetraProxyProtocol());
        await using var silent = await RawPeer.ConnectAsync(doors.Ports[0]);
        await using var slow = await RawPeer.ConnectAsync(doors.Ports[1]);
        await slow.SendAsync("PROXY TC");

        Assert.That(await silent.ReadToEndAsync() + await slow.ReadToEndAsync(), Is.Zero);
    }

    [TestCase(Line)]
    [TestCase("")]
    public async Task Line_OfAStranger_EndsTheConnection(string line)
    {
        await using var doors = await OpenAsync(
            [("Netra:Proxies:ProxyProtocol", "true"), ("Netra:Proxies:Trusted:0", "10.0.0.5")],
            before: static listener => listener.UseNetraProxyProtocol());
        await using var peer = await RawPeer.ConnectAsync(doors.Ports[0]);
        await peer.TrySendAsync(Encoding.ASCII.GetBytes(line + Handshake()));

        Assert.That(await peer.ReadToEndAsync(), Is.Zero);
    }

    [Test]
    public async Task Canary_OnAPortThatDemandsTheLine_Passes()
    {
        await using var doors = await OpenAsync(
            [("Netra:Proxies:ProxyProtocol", "true"), ("Netra:Proxies:Trusted:0", "10.0.0.5"), ("AllowedHosts", "chat.example.com")],
            "Production",
            static listener => listener.UseNetraProxyProtocol());

        var report = await doors.Host.Services.GetRequiredService<Canary>().RunAsync(CancellationToken.None);

        Assert.That(report!.Problem, Is.Null);
    }

    [Test]
    public async Task Option_WithoutTrustedProxies_IsNamedAtTheStart()
    {
        await using var app = PipelineHost.Build(settings: [("Netra:Proxies:ProxyProtocol", "true")]).App;

        Assert.That(Assert.CatchAsync(() => app.StartAsync())!.Message, Does.Contain("Netra:Proxies:Trusted is empty"));
    }

    [Test]
    public void Line_AnyCut_NeedsMoreAndIsReadWhole()
    {
        var bytes = Encoding.ASCII.GetBytes(Line + "GET");
        for (var length = 0; length <= bytes.Length; length++)
        {
            Assert.That(ProxyLine.TryRead(new ReadOnlySequence<byte>(bytes, 0, length), out var line), Is.True);
            Assert.That(line?.Length, Is.EqualTo(length < Line.Length ? null : Line.Length));
        }
    }

    private static string[] Pieces(string text) => [text[..3], text[3..20], text[20..]];
}
