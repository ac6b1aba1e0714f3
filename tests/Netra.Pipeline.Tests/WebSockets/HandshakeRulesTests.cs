using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeRulesTests
{
    [Test]
    public void AcceptOf_KeyOfTheRfc_IsTheAnswerOfTheRfc()
        => Assert.That(HandshakeRules.AcceptOf("dGhlIHNhbXBsZSBub25jZQ=="), Is.EqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));

    [TestCase("Upgrade", "websocket", true)]
    [TestCase("keep-alive, Upgrade", "websocket", true)]
    [TestCase("keep-alive,UPGRADE", "WebSocket", true)]
    [TestCase("Upgrade", "h2c, websocket", true)]
    [TestCase("keep-alive", "websocket", false)]
    [TestCase("Upgrade", "h2c", false)]
    [TestCase("Upgraded", "websocket", false)]
    [TestCase("", "", false)]
    public void AsksForWebSocket_Headers_AreReadAsListsOfTokens(string connection, string upgrade, bool expected)
        => Assert.That(
            HandshakeRules.AsksForWebSocket(new HeaderDictionary { ["Connection"] = connection, ["Upgrade"] = upgrade }),
            Is.EqualTo(expected));

    [Test]
    public void Check_RightRequest_IsAcceptedAndAnswersItsSubprotocol()
    {
        var refusal = HandshakeRules.Check(Request(("Sec-WebSocket-Protocol", "other, netra.v1")), out var subprotocol);

        Assert.That(refusal, Is.Null);
        Assert.That(subprotocol, Is.EqualTo(ProtocolConstants.Subprotocol));
    }

    [Test]
    public void Check_NoSubprotocolOffered_IsAcceptedAndAnswersNone()
    {
        Assert.That(HandshakeRules.Check(Request(), out var subprotocol), Is.Null);
        Assert.That(subprotocol, Is.Null);
    }

    [TestCase("Sec-WebSocket-Version", null, 426, "unsupported_version")]
    [TestCase("Sec-WebSocket-Version", "8", 426, "unsupported_version")]
    [TestCase("Sec-WebSocket-Version", "13, 13", 426, "unsupported_version")]
    [TestCase("Sec-WebSocket-Key", null, 400, "bad_key")]
    [TestCase("Sec-WebSocket-Key", "", 400, "bad_key")]
    [TestCase("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=", 400, "bad_key")]
    [TestCase("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE=", 400, "bad_key")]
    [TestCase("Sec-WebSocket-Key", "dGhl IHNhbXBsZSBub25jZQ=", 400, "bad_key")]
    [TestCase("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==", 400, "bad_key")]
    [TestCase("Sec-WebSocket-Protocol", "netra.v2", 400, "unsupported_subprotocol")]
    [TestCase("Sec-WebSocket-Protocol", "NETRA.V1", 400, "unsupported_subprotocol")]
    [TestCase("Sec-WebSocket-Protocol", "", 400, "unsupported_subprotocol")]
    [TestCase("Host", null, 400, "bad_request")]
    [TestCase("Content-Length", "5", 400, "bad_request")]
    [TestCase("Content-Length", "0, 5", 400, "bad_request")]
    [TestCase("Transfer-Encoding", "chunked", 400, "bad_request")]
    public void Check_WrongHeader_IsRefused(string name, string? value, int status, string code)
    {
        var refusal = HandshakeRules.Check(Request((name, value)), out _);

        Assert.That(refusal, Is.Not.Null);
        Assert.That((refusal!.Status, refusal.Code), Is.EqualTo((status, code)));
    }

    [TestCase("Sec-WebSocket-Key")]
    [TestCase("Sec-WebSocket-Version")]
    [TestCase("Host")]
    public void Check_HeaderGivenTwice_IsRefused(string name)
    {
        var request = Request();
        request.Headers[name] = new[] { request.Headers[name].ToString(), request.Headers[name].ToString() };

        Assert.That(HandshakeRules.Check(request, out _), Is.Not.Null);
    }

    [Test]
    public void Check_EmptyBodyDeclared_IsAccepted()
        => Assert.That(HandshakeRules.Check(Request(("Content-Length", "0")), out _), Is.Null);

    [Test]
    public void Check_ExtendedConnectWithoutKeyAndHost_IsAccepted()
    {
        var headers = new HeaderDictionary { ["Sec-WebSocket-Version"] = "13" };
        var request = new HandshakeRequest { Path = "/ws", Query = QueryCollection.Empty, Headers = headers, IsExtendedConnect = true };

        Assert.That(HandshakeRules.Check(request, out _), Is.Null);
    }

    private static HandshakeRequest Request(params (string Name, string? Value)[] changes)
    {
        var headers = new HeaderDictionary
        {
            ["Host"] = "localhost",
            ["Connection"] = "Upgrade",
            ["Upgrade"] = "websocket",
            ["Sec-WebSocket-Version"] = "13",
            ["Sec-WebSocket-Key"] = RawPeer.Key,
        };
        foreach (var (name, value) in changes)
        {
            headers.Remove(name);
            if (value is not null)
            {
                headers[name] = value;
            }
        }

        return new HandshakeRequest { Path = "/ws", Query = QueryCollection.Empty, Headers = headers };
    }
}
