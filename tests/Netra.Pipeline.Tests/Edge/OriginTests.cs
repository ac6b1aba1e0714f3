using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;
using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>Which pages may ask, at both doors and on the routes, and what browsers are told of that.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OriginTests
{
    private const string Listed = "https://chat.example.com";

    private static readonly (string Fields, bool IsAdmitted)[] Cases =
    [
        ("", true),
        ("Origin: http://127.0.0.1:5080\r\n", true),
        ("Origin: HTTP://127.0.0.1:5080\r\n", true),
        ("Origin: http://127.0.0.1:5080\r\nSec-Fetch-Site: same-origin\r\n", true),
        ($"Origin: {Listed}\r\n", true),
        ($"Origin: {Listed}:443\r\nSec-Fetch-Site: cross-site\r\n", true),
        ("Sec-Fetch-Site: none\r\n", true),
        ("Sec-Fetch-Site: same-origin\r\n", true),
        ("Origin: https://127.0.0.1:5080\r\n", false),
        ("Origin: http://127.0.0.1:5173\r\n", false),
        ("Origin: http://127.0.0.1\r\n", false),
        ("Origin: http://localhost:5080\r\n", false),
        ("Origin: http://evil.example\r\n", false),
        ("Origin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n", false),
        ($"Origin: {Listed}.evil.example\r\n", false),
        ($"Origin: {Listed}:8443\r\n", false),
        ("Origin: http://chat.example.com\r\n", false),
        ("Origin: null\r\n", false),
        ("Origin: \r\n", false),
        ("Origin: http://127.0.0.1:5080/\r\n", false),
        ("Origin: http://user@127.0.0.1:5080\r\n", false),
        ("Origin: http://127.0.0.1:5080\r\nOrigin: http://evil.example\r\n", false),
        ("Origin: file://\r\n", false),
        ("Sec-Fetch-Site: cross-site\r\n", false),
        ("Sec-Fetch-Site: same-site\r\n", false),
        ("Sec-Fetch-Site: same-site\r\nOrigin: http://evil.example\r\n", false),
        ("Sec-Fetch-Site: bogus\r\n", false),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n", false),
    ];

    [Test]
    public async Task Request_OfAnyPage_IsServedForTheServersOwnAndListedOrigins()
    {
        await using var doors = await OpenAsync([("Netra:Http:AllowedOrigins:0", Listed)]);
        foreach (var (fields, isAdmitted) in Cases)
        {
            await ShouldBeAsync(Handshake("127.0.0.1:5080", fields), 101);
            await ShouldBeAsync(Request("GET", "/v1/stream?user_id=ada", "127.0.0.1:5080", fields), 200);
            await ShouldBeAsync(Request("GET", "/v1/threads?user_id=ada", "127.0.0.1:5080", fields), 200);
            await ShouldBeAsync(Request("POST", "/v1/stream/c-1/ack?user_id=ada", "127.0.0.1:5080", fields), 404);
            await ShouldBeAsync(Request("POST", "/v1/events", "127.0.0.1:5080", fields), 415);
            await ShouldBeAsync(Request("POST", "/v1/tickets", "127.0.0.1:5080", fields), 400, 415);
            await ShouldBeAsync(Request("GET", "/v1/commands?subscribe=x", "127.0.0.1:5080", fields), 400);
            await ShouldBeAsync(Request("POST", "/monitoring/websocket/emergency/health-check?x", "127.0.0.1:5080", fields), 200, 503);
            await ShouldBeAsync(Request("DELETE", "/v1/dead-letters/1", "127.0.0.1:5080", fields), 404);
            await ShouldBeAsync(Request("PUT", "/monitoring/websocket/emergency/mode", "127.0.0.1:5080", fields), 400, 415);

            async Task ShouldBeAsync(string request, params int[] statuses)
            {
                foreach (var answer in await doors.AskBothAsync(request))
                {
                    var line = request[..request.IndexOf('\r')];
                    if (isAdmitted)
                    {
                        Assert.That(statuses, Has.Member(answer.Status), $"{line} {fields} {answer.Text}");
                    }
                    else
                    {
                        Assert.That((answer.Status, answer.Code), Is.EqualTo((403, "origin_not_allowed")), $"{line} {fields}");
                        Assert.That(answer.Text, Does.Contain("Netra:Http:AllowedOrigins"));
                    }
                }
            }
        }

        doors.Host.AssertNoErrors();
    }

    [TestCase("/livez")]
    [TestCase("/health")]
    [TestCase("/openapi/v1.json")]
    [TestCase("/monitoring/websocket/alerts")]
    public async Task Reading_ByALinkOfAnotherPage_IsServed(string path)
    {
        await using var host = await PipelineHost.StartAsync();

        var answer = await AskAsync(host.Port, Request("GET", path, fields: "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"));

        Assert.That(answer!.Status, Is.EqualTo(200));
        Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"));
    }

    [TestCase("/v1/threads?user_id=ada", "GET")]
    [TestCase("/v1/threads/t1/events?user_id=ada", "GET")]
    [TestCase("/v1/stream?user_id=ada", "GET")]
    [TestCase("/v1/stream/c-1/ack?user_id=ada", "POST")]
    [TestCase("/v1/stream/c-1/messages?user_id=ada", "POST")]
    [TestCase("/v1/tickets", "POST")]
    public async Task PagesRoute_OfAListedOrigin_SaysThatThePageMayReadIt(string path, string method)
    {
        await using var doors = await OpenAsync([("Netra:Http:AllowedOrigins:0", Listed)]);
        var ask = $"Origin: {Listed}\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: authorization\r\n";

        foreach (var answer in await doors.AskBothAsync(Request("OPTIONS", path, fields: ask)))
        {
            Assert.That((answer.Status, answer.Header("Access-Control-Allow-Origin")), Is.EqualTo((204, Listed)));
            Assert.That(answer.Header("Access-Control-Allow-Methods"), Does.Contain(method));
            Assert.That(answer.Header("Access-Control-Allow-Headers"), Does.Contain("Authorization").And.Contains("Content-Type"));
            Assert.That(answer.Header("Vary"), Is.EqualTo("Origin"));
        }

        foreach (var answer in await doors.AskBothAsync(Request(method, path, fields: $"Origin: {Listed}\r\n")))
        {
            Assert.That(answer.Header("Access-Control-Allow-Origin"), Is.EqualTo(Listed), "of errors too");
            Assert.That(answer.Header("Vary"), Is.EqualTo("Origin"));
        }

        foreach (var answer in await doors.AskBothAsync(Request("OPTIONS", path, fields: ask.Replace("chat.", "evil."))))
        {
            Assert.That((answer.Status, answer.Header("Access-Control-Allow-Origin")), Is.EqualTo((403, (string?)null)));
        }

        foreach (var answer in await doors.AskBothAsync(Request(method, path)))
        {
            Assert.That(answer.Header("Access-Control-Allow-Origin"), Is.Null);
        }
    }

    [Test]
    public async Task OperatorsRoute_OfAListedOrigin_IsNotForPagesToRead()
    {
        await using var doors = await OpenAsync([("Netra:Http:AllowedOrigins:0", Listed)]);

        foreach (var answer in await doors.AskBothAsync(Request("GET", "/v1/ledger", fields: $"Origin: {Listed}\r\n")))
        {
            Assert.That((answer.Status, answer.Header("Access-Control-Allow-Origin")), Is.EqualTo((200, (string?)null)));
        }
    }

    [Test]
    public async Task Refusal_OfAnyKind_IsCounted()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var doors = await OpenAsync(configure: pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters));

        await doors.AskBothAsync(Handshake("evil.example"));
        await doors.AskBothAsync(Handshake(fields: "Origin: http://evil.example\r\n"));
        await doors.AskBothAsync(Handshake(fields: "X-Forwarded-For: 10.0.0.1\r\n"));

        string[] codes = ["host_not_allowed", "origin_not_allowed", "proxy_not_allowed"];
        Assert.That(codes.Select(code => recorder.Sum("netra.requests.refused", "error.type", code)), Is.All.EqualTo(2));
    }

    [TestCase("https://chat.example.com/")]
    [TestCase("chat.example.com")]
    [TestCase("*")]
    [TestCase("null")]
    [TestCase("ws://chat.example.com")]
    public async Task AllowedOrigins_ThatIsNone_IsNamedAtTheStart(string text)
    {
        await using var app = PipelineHost.Build(settings: [("Netra:Http:AllowedOrigins:0", text)]).App;

        var failure = Assert.CatchAsync(() => app.StartAsync())!;

        Assert.That(failure.Message, Does.Contain("Netra:Http:AllowedOrigins").And.Contains($"'{text}'"));
    }

    [TestCase("http://A.example:80", "http://a.example")]
    [TestCase("https://a.example:443", "https://a.example")]
    [TestCase("https://a.example:80", "https://a.example:80")]
    [TestCase("http://[::1]:5080", "http://[::1]:5080")]
    public void Origin_AnyForm_IsTheOneThatBrowsersWrite(string text, string expected)
    {
        Assert.That(Origin.TryParse(text, out var origin), Is.True);
        Assert.That(origin.ToString(), Is.EqualTo(expected));
    }
}
