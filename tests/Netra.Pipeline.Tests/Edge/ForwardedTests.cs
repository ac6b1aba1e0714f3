using Netra.Pipeline.Edge;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>What is believed of what proxies say: by both doors the same, and from trusted proxies alone.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ForwardedTests
{
    private const string Self = "127.0.0.1";

    // Header lines, and what is believed of them when 127.0.0.1 and 10.0.0.0/8 are trusted: client, TLS, host.
    private static readonly (string Fields, string Client, bool IsSecure, string Host)[] Extended =
    [
        ("", Self, false, "a.example"),
        ("X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        (
            "X-Forwarded-For: 203.0.113.9:4711\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example\r\n",
            "203.0.113.9", true, "b.example"),
        ("X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\nX-Forwarded-Proto: http, https\r\n", "203.0.113.9", true, "a.example"),
        ("X-Forwarded-For: 203.0.113.9, 10.1.2.3\r\n", "203.0.113.9", false, "a.example"),
        ("X-Forwarded-For: 127.0.0.1, 203.0.113.9, 10.1.2.3\r\n", "203.0.113.9", false, "a.example"),
        ("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("X-Forwarded-For: [2001:db8::9]:4711\r\n", "2001:db8::9", false, "a.example"),
        ("X-Forwarded-For: unknown\r\n", Self, false, "a.example"),
        ("X-Forwarded-For: 203.0.113.9, nonsense\r\n", Self, false, "a.example"),
        ("X-Forwarded-For: \r\n", Self, false, "a.example"),
        ("X-Forwarded-Host: a/b\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("Forwarded: for=203.0.113.9;proto=https\r\n", Self, false, "a.example"),
        ("X-Real-IP: 203.0.113.9\r\n", Self, false, "a.example"),
        ("X-Forwarded-Proto: https\r\n", Self, true, "a.example"),
        (string.Concat(Enumerable.Repeat("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", 40)), "10.0.0.1", false, "a.example"),
    ];

    private static readonly (string Fields, string Client, bool IsSecure, string Host)[] Standard =
    [
        ("Forwarded: for=203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("Forwarded: For=\"203.0.113.9:4711\"; Proto=https;host=b.example\r\n", "203.0.113.9", true, "b.example"),
        ("Forwarded: for=\"[2001:db8::9]:4711\"\r\n", "2001:db8::9", false, "a.example"),
        ("Forwarded: for=1.1.1.1;proto=https, for=203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("Forwarded: for=203.0.113.9;proto=https, for=10.1.2.3\r\n", "203.0.113.9", true, "a.example"),
        ("Forwarded: for=\"\r\nForwarded: for=203.0.113.9\r\n", "203.0.113.9", false, "a.example"),
        ("Forwarded: for=203.0.113.9, for=_hidden\r\n", Self, false, "a.example"),
        ("Forwarded: for=unknown;proto=https\r\n", Self, false, "a.example"),
        ("Forwarded: for=203.0.113.9;proto=gopher\r\n", Self, false, "a.example"),
        ("Forwarded: for=203.0.113.9;host=\"a/b\"\r\n", Self, false, "a.example"),
        ("Forwarded: nonsense\r\n", Self, false, "a.example"),
        ("Forwarded: \r\n", Self, false, "a.example"),
        ("X-Forwarded-For: 203.0.113.9\r\n", Self, false, "a.example"),
    ];

    [TestCase(ProxyHeaders.XForwarded)]
    [TestCase(ProxyHeaders.Forwarded)]
    public async Task Fields_OfATrustedProxy_MeanTheSameAtBothDoors(ProxyHeaders headers)
    {
        await using var doors = await OpenAsync(
            [
                ("Netra:Proxies:Trusted:0", Self), ("Netra:Proxies:Trusted:1", "10.0.0.0/8"), ("Netra:Proxies:Headers", headers.ToString()),
            ],
            "Production");
        foreach (var (fields, client, isSecure, host) in headers == ProxyHeaders.XForwarded ? Extended : Standard)
        {
            foreach (var port in doors.Ports)
            {
                var answer = await AskAsync(port, Handshake("a.example", fields));

                Assert.That(answer!.Status, Is.EqualTo(101), fields);
                Assert.That(
                    doors.TakeAsked(),
                    Is.EqualTo((client, isSecure, host, client == Self)),
                    $"{(port == doors.Ports[0] ? "fast" : "second")} door: {fields}");
            }
        }
    }

    [Test]
    public async Task Fields_OfAnybodyElse_AreIgnoredAtBothDoors()
    {
        await using var doors = await OpenAsync([("Netra:Proxies:Trusted:0", "10.0.0.5")], "Production");
        foreach (var fields in Extended.Concat(Standard).Select(static row => row.Fields))
        {
            foreach (var port in doors.Ports)
            {
                await AskAsync(port, Handshake("a.example", fields));

                Assert.That(doors.TakeAsked(), Is.EqualTo((Self, false, "a.example", true)), fields);
            }
        }
    }

    [Test]
    public async Task Origin_BehindAProxyThatEndsTls_IsComparedWithWhatThePageAsked()
    {
        const string Fields = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.example.com\r\n";
        await using var trusted = await OpenAsync(
            [("Netra:Proxies:Trusted:0", Self), ("AllowedHosts", "chat.example.com")], "Production");
        await using var unlisted = await OpenAsync(environment: "Production");
        foreach (var request in (string[])
        [
            Handshake("10.0.0.7:5080", $"{Fields}Origin: https://chat.example.com\r\n"),
            Request("GET", "/v1/stream?user_id=ada", "10.0.0.7:5080", $"{Fields}Origin: https://chat.example.com\r\n"),
        ])
        {
            Assert.That((await trusted.AskBothAsync(request)).Select(static a => a.Status), Is.All.EqualTo(101).Or.All.EqualTo(200));
            var refused = await unlisted.AskBothAsync(request);
            Assert.That(refused.Select(static a => a.Code), Is.All.EqualTo("origin_not_allowed"));
            Assert.That(refused[0].Text, Does.Contain("Netra:Proxies:Trusted"));
        }
    }

    [TestCase("X-Forwarded-For: 127.0.0.1")]
    [TestCase("X-Forwarded-Proto: https")]
    [TestCase("X-FORWARDED-HOST: localhost")]
    [TestCase("Forwarded: for=127.0.0.1")]
    [TestCase("X-Real-IP: 127.0.0.1")]
    [TestCase("Via: 1.1 proxy")]
    public async Task Development_RequestThatCameThroughAProxy_IsRefused(string field)
    {
        await using var doors = await OpenAsync([("Netra:Proxies:Trusted:0", Self)]);
        foreach (var request in (string[])
        [
            Handshake(fields: field + "\r\n"),
            Request("POST", "/v1/events", fields: field + "\r\n"),
            Request("GET", "/livez", fields: field + "\r\n"),
        ])
        {
            var answers = await doors.AskBothAsync(request);
            Assert.That(answers.Select(static a => (a.Status, a.Code)), Is.All.EqualTo((403, "proxy_not_allowed")));
            Assert.That(answers[0].Text, Does.Contain("Netra:Proxies:Trusted"));
        }
    }

    [TestCase("10.0.0.0/33")]
    [TestCase("proxy.example")]
    [TestCase("")]
    public async Task Trusted_ThatIsNoAddress_IsNamedAtTheStart(string text)
    {
        await using var app = PipelineHost.Build(settings: [("Netra:Proxies:Trusted:0", text)]).App;

        Assert.That(
            Assert.CatchAsync(() => app.StartAsync())!.Message, Does.Contain("Netra:Proxies:Trusted").And.Contains($"'{text}'"));
    }
}
