using System.Buffers;
using System.Text;
using FsCheck;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Protocol;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeParserTests
{
    private static readonly FastDoorPath Path = new("/ws");
    private static readonly HandshakeLimits Limits = new(8 * 1024, 32 * 1024, 100, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(130));

    private static readonly string Valid = RawPeer.Handshake(
        "ada", "&seq=4&epoch=Zk3f", fields: "Sec-WebSocket-Protocol: netra.v1\r\nX-Twice: one\r\nx-twice: two\r\n");

    [Test]
    public void Parse_WholeHandshake_IsComplete()
    {
        var parser = new HandshakeParser(Path, Limits);

        var progress = parser.Parse(Sequence(Valid + "frames"));

        Assert.That(progress, Is.EqualTo(HandshakeProgress.Complete));
        Assert.That(parser.HeadLength, Is.EqualTo(Valid.Length));
        Assert.That(parser.Head.Path, Is.EqualTo("/ws"));
        Assert.That(parser.Head.QueryString, Is.EqualTo("?user_id=ada&seq=4&epoch=Zk3f"));
        Assert.That(parser.Head.Headers["X-Twice"], Is.EqualTo(new[] { "one", "two" }));
        Assert.That(parser.Head.Headers["Sec-WebSocket-Key"].ToString(), Is.EqualTo(RawPeer.Key));
    }

    [Test]
    public void Parse_CutAtEveryPosition_GivesTheSameHead()
    {
        for (var cut = 1; cut < Valid.Length; cut++)
        {
            var parser = new HandshakeParser(Path, Limits);
            var pieces = new PieceByPiece();

            Assert.That(
                parser.Parse(pieces.Add(Encoding.ASCII.GetBytes(Valid[..cut]))), Is.EqualTo(HandshakeProgress.NeedMore), $"cut at {cut}");
            Assert.That(
                parser.Parse(pieces.Add(Encoding.ASCII.GetBytes(Valid[cut..]))), Is.EqualTo(HandshakeProgress.Complete), $"cut at {cut}");

            AssertSameAsWhole(parser);
        }
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Parse_AnyPieces_GivesTheSameHead(DoNotSize<int> seed, PositiveInt largest)
    {
        var random = new Random(seed.Item);
        var parser = new HandshakeParser(Path, Limits);
        var pieces = new PieceByPiece();
        var bytes = Encoding.ASCII.GetBytes(Valid);
        var progress = HandshakeProgress.NeedMore;
        for (var sent = 0; sent < bytes.Length;)
        {
            Assert.That(progress, Is.EqualTo(HandshakeProgress.NeedMore));
            var length = Math.Min(random.Next(1, largest.Get + 1), bytes.Length - sent);
            progress = parser.Parse(pieces.Add(bytes.AsSpan(sent, length)));
            sent += length;
        }

        Assert.That(progress, Is.EqualTo(HandshakeProgress.Complete));
        AssertSameAsWhole(parser);
    }

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void Parse_NearlyRightBytes_DecidesTheSameWholeAndInPieces(DoNotSize<int> seed)
    {
        // The end comes for certain: before it, more bytes may be needed to decide in one case than in the other.
        byte[] bytes = [.. Arbitrary.Mutated(Encoding.ASCII.GetBytes(Valid), seed), .. "\r\n\r\n"u8];

        var whole = Outcome(bytes, bytes.Length);
        var inPieces = Outcome(bytes, 1);

        Assert.That(inPieces, Is.EqualTo(whole));
    }

    [TestCase("POST /ws HTTP/1.1\r\n")]
    [TestCase("GET /other HTTP/1.1\r\n")]
    [TestCase("GET /ws/more HTTP/1.1\r\n")]
    [TestCase("GET /WS HTTP/1.1\r\n")]
    [TestCase("GET /ws HTTP/1.0\r\n")]
    [TestCase("GET http://localhost/ws HTTP/1.1\r\n")]
    [TestCase("OPTIONS * HTTP/1.1\r\n")]
    [TestCase("GET /ws?user_id=\u00e9 HTTP/1.1\r\n")]
    [TestCase("\r\n")]
    [TestCase("nonsense\r\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase("PRI * ")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n")]
    public void Parse_NotAWebSocketOnOurPath_IsForHttp(string request)
        => Assert.That(new HandshakeParser(Path, Limits).Parse(Sequence(request)), Is.EqualTo(HandshakeProgress.NotOurs));

    [Test]
    public void Parse_EndlessRequestLine_IsForHttpAtTheLimit()
    {
        var parser = new HandshakeParser(Path, Limits);

        Assert.That(parser.Parse(Sequence("GET /ws?" + new string('a', Limits.RequestLine - 8))), Is.EqualTo(HandshakeProgress.NeedMore));
        Assert.That(parser.Parse(Sequence("GET /ws?" + new string('a', Limits.RequestLine - 7))), Is.EqualTo(HandshakeProgress.NotOurs));
    }

    [Test]
    public void Parse_CompleteRequestLineAboveTheLimit_IsForHttp()
        => Assert.That(
            new HandshakeParser(Path, Limits).Parse(Sequence(RawPeer.Handshake("ada", "&x=" + new string('a', Limits.RequestLine)))),
            Is.EqualTo(HandshakeProgress.NotOurs));

    [Test]
    public void Parse_EndlessHeader_IsRefusedAtTheLimit()
    {
        var parser = new HandshakeParser(Path, Limits);
        var start = "GET /ws HTTP/1.1\r\n";

        Assert.That(
            parser.Parse(Sequence(start + "X: " + new string('a', Limits.HeaderBytes - 3))), Is.EqualTo(HandshakeProgress.NeedMore));
        var refused = Assert.Throws<HandshakeRefusedException>(
            () => parser.Parse(Sequence(start + "X: " + new string('a', Limits.HeaderBytes - 2))));
        Assert.That(
            refused!.Refusal,
            Has.Property(nameof(HandshakeRefusal.Status)).EqualTo(431)
                .And.Property(nameof(HandshakeRefusal.Code)).EqualTo("headers_too_large"));
    }

    // Each field alone is small, and each is parsed as it comes.
    [Test]
    public void Parse_HeadersThatTogetherExceedTheLimit_AreRefusedHoweverTheyCome()
    {
        var field = "X-Field: " + new string('a', 1024 - 11) + "\r\n";
        var parser = new HandshakeParser(Path, Limits);
        var pieces = new PieceByPiece();
        Assert.That(parser.Parse(pieces.Add("GET /ws HTTP/1.1\r\n"u8)), Is.EqualTo(HandshakeProgress.NeedMore));
        for (var i = 0; i < Limits.HeaderBytes / 1024; i++)
        {
            Assert.That(parser.Parse(pieces.Add(Encoding.ASCII.GetBytes(field))), Is.EqualTo(HandshakeProgress.NeedMore));
        }

        Assert.That(
            () => parser.Parse(pieces.Add(Encoding.ASCII.GetBytes(field))),
            Throws.TypeOf<HandshakeRefusedException>()
                .With.Property(nameof(HandshakeRefusedException.Refusal))
                .Property(nameof(HandshakeRefusal.Status))
                .EqualTo(431));
    }

    [TestCase(1)]
    [TestCase(1000)]
    [TestCase(100_000)]
    public void Parse_MoreHeadersThanAllowed_AreRefused(int pieceLength)
    {
        var limits = Limits with { HeaderCount = 5 };
        var fields = string.Concat(Enumerable.Range(0, 6).Select(static i => $"X-{i}: a\r\n"));

        Assert.That(
            Outcome(Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\n" + fields), pieceLength, limits).Result,
            Is.EqualTo("431 too_many_headers"));
    }

    [TestCase(1)]
    [TestCase(100_000)]
    public void Parse_AsManyHeadersAsAllowed_AreTaken(int pieceLength)
        => Assert.That(
            Outcome(Encoding.ASCII.GetBytes(Valid), pieceLength, Limits with { HeaderCount = 8 }).Result, Is.EqualTo("Complete"));

    [TestCase("no colon\r\n\r\n")]
    [TestCase(": no name\r\n\r\n")]
    [TestCase("Na me: a\r\n\r\n")]
    [TestCase(" folded: a\r\n\r\n")]
    [TestCase("X: a\rb\r\n\r\n")]
    [TestCase("X: a\0b\r\n\r\n")]
    [TestCase("X: \u00ff\r\n\r\n")]
    [TestCase("\u00e9: a\r\n\r\n")]
    public void Parse_MalformedHeader_IsRefusedAsBadRequest(string fields)
        => Assert.That(Outcome(Encoding.Latin1.GetBytes("GET /ws HTTP/1.1\r\n" + fields), 1).Result, Is.EqualTo("400 bad_request"));

    private static void AssertSameAsWhole(HandshakeParser parser)
    {
        var whole = new HandshakeParser(Path, Limits);
        whole.Parse(Sequence(Valid));
        Assert.That(parser.HeadLength, Is.EqualTo(whole.HeadLength));
        Assert.That(parser.Head.QueryString, Is.EqualTo(whole.Head.QueryString));
        Assert.That(parser.Head.Headers, Is.EquivalentTo(whole.Head.Headers));
    }

    private static (string Result, long Length, string Headers) Outcome(byte[] bytes, int pieceLength, HandshakeLimits? limits = null)
    {
        var parser = new HandshakeParser(Path, limits ?? Limits);
        var pieces = new PieceByPiece();
        try
        {
            var progress = HandshakeProgress.NeedMore;
            for (var sent = 0; sent < bytes.Length && progress == HandshakeProgress.NeedMore; sent += pieceLength)
            {
                progress = parser.Parse(pieces.Add(bytes.AsSpan(sent, Math.Min(pieceLength, bytes.Length - sent))));
            }

            return progress == HandshakeProgress.Complete
                ? ("Complete", parser.HeadLength, string.Join('|', parser.Head.Headers))
                : (progress.ToString(), 0, string.Empty);
        }
        catch (HandshakeRefusedException exception)
        {
            return ($"{exception.Refusal.Status} {exception.Refusal.Code}", 0, string.Empty);
        }
    }

    private static ReadOnlySequence<byte> Sequence(string text) => new(Encoding.Latin1.GetBytes(text));
}
