using System.Text;
using System.Text.Json;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeResponseTests
{
    [Test]
    public void Accept_WithSubprotocol_NamesIt()
        => Assert.That(
            Encoding.ASCII.GetString(HandshakeResponse.Accept(RawPeer.Key, "netra.v1")),
            Is.EqualTo("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: netra.v1\r\n\r\n"));

    [Test]
    public void Accept_WithoutSubprotocol_NamesNone()
        => Assert.That(
            Encoding.ASCII.GetString(HandshakeResponse.Accept(RawPeer.Key, null)),
            Does.Not.Contain("Sec-WebSocket-Protocol").And.EndsWith("=\r\n\r\n"));

    [Test]
    public void Refuse_AnyRefusal_IsAProblemDocumentAndClosesTheConnection()
    {
        var text = Encoding.UTF8.GetString(HandshakeResponse.Refuse(new HandshakeRefusal(400, "bad_key", "\"é\"\r\nInjected: yes")));

        var (head, body) = (
            text[..text.IndexOf("\r\n\r\n", StringComparison.Ordinal)], text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.That(head.Split("\r\n"), Is.EqualTo(new[]
        {
            "HTTP/1.1 400 Bad Request",
            "Connection: close",
            "Content-Type: application/problem+json",
            $"Content-Length: {Encoding.UTF8.GetByteCount(body)}",
        }));
        var problem = JsonDocument.Parse(body).RootElement;
        Assert.That(problem.GetProperty("status").GetInt32(), Is.EqualTo(400));
        Assert.That(problem.GetProperty("title").GetString(), Is.EqualTo("Bad Request"));
        Assert.That(problem.GetProperty("code").GetString(), Is.EqualTo("bad_key"));
        Assert.That(problem.GetProperty("detail").GetString(), Is.EqualTo("\"é\"\r\nInjected: yes"));
    }

    [Test]
    public void Refuse_WrongVersion_SaysWhichVersionThereIs()
        => Assert.That(
            Encoding.UTF8.GetString(HandshakeResponse.Refuse(new HandshakeRefusal(426, "unsupported_version", "no"))),
            Does.Contain("\r\nUpgrade: websocket\r\n").And.Contain("\r\nSec-WebSocket-Version: 13\r\n"));

    [Test]
    public void Refuse_WithRetryAfter_SaysWhenToComeBack()
        => Assert.That(
            Encoding.UTF8.GetString(HandshakeResponse.Refuse(new HandshakeRefusal(503, "draining", "no", RetryAfter: 7))),
            Does.Contain("\r\nRetry-After: 7\r\n"));
}
