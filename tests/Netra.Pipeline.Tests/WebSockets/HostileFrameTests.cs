using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// Frames that violate RFC 6455 or our protocol: each ends its own connection with the code of docs/protocol.md,
/// section 7, is logged once, and harms no other.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HostileFrameTests
{
    private static int _users;
    private PipelineHost _host = null!;
    private TestClient _bystander = null!;

    private static IEnumerable<TestCaseData> Frames()
    {
        var text = """{"type":"ack","seq":0}"""u8.ToArray();
        yield return Case("an unmasked frame", "protocol_error", 1002, RawFrame.Encode(RawFrame.Text, text, masked: false));
        yield return Case("reserved bit 1", "protocol_error", 1002, RawFrame.Encode(RawFrame.Text, text, reserved: 0x40));
        yield return Case("reserved bit 2", "protocol_error", 1002, RawFrame.Encode(RawFrame.Text, text, reserved: 0x20));
        yield return Case("reserved bit 3", "protocol_error", 1002, RawFrame.Encode(RawFrame.Text, text, reserved: 0x10));
        yield return Case("opcode 3", "protocol_error", 1002, RawFrame.Encode(3, text));
        yield return Case("opcode 11", "protocol_error", 1002, RawFrame.Encode(11, text));
        yield return Case("a fragmented ping", "protocol_error", 1002, RawFrame.Encode(RawFrame.Ping, text, final: false));
        yield return Case("an oversized ping", "protocol_error", 1002, RawFrame.Encode(RawFrame.Ping, new byte[126]));
        yield return Case("a continuation of nothing", "protocol_error", 1002, RawFrame.Encode(0, text));
        yield return Case(
            "a text within a text",
            "protocol_error",
            1002,
            RawFrame.Encode(RawFrame.Text, text, final: false),
            RawFrame.Encode(RawFrame.Text, text));
        yield return Case(
            "a length above 2^63", "protocol_error", 1002, [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]);
        yield return Case("a close frame of one byte", "protocol_error", 1002, RawFrame.Encode(RawFrame.Close, [3]));
        yield return Case("a close frame with code 1005", "protocol_error", 1002, RawFrame.Encode(RawFrame.Close, [0x03, 0xED]));
        yield return Case("a close frame with code 999", "protocol_error", 1002, RawFrame.Encode(RawFrame.Close, [0x03, 0xE7]));
        yield return Case("text that is not UTF-8", "invalid_payload", 1007, RawFrame.Encode(RawFrame.Text, [(byte)'"', 0xFF, (byte)'"']));
        yield return Case("text that ends within a character", "invalid_payload", 1007, RawFrame.Encode(RawFrame.Text, [(byte)'"', 0xC3]));
        yield return Case(
            "fragments that are not UTF-8",
            "invalid_payload",
            1007,
            RawFrame.Encode(RawFrame.Text, [0xC3], final: false),
            RawFrame.Encode(0, "("u8));
        yield return Case("a binary frame", "unsupported_data", 1003, RawFrame.Encode(RawFrame.Binary, text));
        yield return Case("an empty binary frame", "unsupported_data", 1003, RawFrame.Encode(RawFrame.Binary, []));
        yield return Case("a message above the limit", "message_too_big", 1009, RawFrame.Encode(RawFrame.Text, Spaces((64 * 1024) + 1)));
        yield return Case(
            "fragments above the limit",
            "message_too_big",
            1009,
            RawFrame.Encode(RawFrame.Text, Spaces(40 * 1024), final: false),
            RawFrame.Encode(0, Spaces(30 * 1024), final: false),
            RawFrame.Encode(0, "1"u8));
        yield return Case("no JSON", "invalid_message", 4400, RawFrame.Encode("no JSON"));
        yield return Case("an empty message", "invalid_message", 4400, RawFrame.Encode(string.Empty));
        yield return Case("a JSON array", "invalid_message", 4400, RawFrame.Encode("[]"));
        yield return Case("a member missing", "invalid_message", 4400, RawFrame.Encode("""{"type":"ack"}"""));
        yield return Case("a member of the wrong kind", "invalid_message", 4400, RawFrame.Encode("""{"type":"ack","seq":"0"}"""));
        yield return Case("a member twice", "invalid_message", 4400, RawFrame.Encode("""{"type":"ack","seq":0,"seq":0}"""));
        yield return Case("an ack of what was never sent", "invalid_message", 4400, RawFrame.Encode("""{"type":"ack","seq":1000}"""));
        yield return Case("a pong that acknowledges too much", "invalid_message", 4400, RawFrame.Encode("""{"type":"pong","seq":1000}"""));
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync(settings: [("Logging:LogLevel:Default", "Debug"), HostLogs.NoPings]);
        _bystander = await TestClient.ConnectAsync(_host.SocketAddress("bystander"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        try
        {
            await using var emitter = await _host.EmitterOfAsync("bystander");
            await emitter.AgentStartedAsync("demo");
            Assert.That(await _bystander.ReadEventsAsync(1), Has.Count.EqualTo(1), "whoever was connected meanwhile is served on");
            _host.AssertNoErrors();
        }
        finally
        {
            await _bystander.DisposeAsync();
            await _host.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Frames))]
    public async Task Frame_Violating_EndsTheConnectionWithItsReasonAndCode(string reason, int code, byte[] bytes)
    {
        var user = $"hostile-{Interlocked.Increment(ref _users)}";
        await using var client = await RawPeer.OpenAsync(_host.Port, user);

        await client.SendAsync(bytes);

        var close = await client.ReadCloseAsync();
        Assert.That(
            (close.CloseStatus, close.CloseReason), Is.EqualTo(((int?)code, reason)), "the text names the reason whose code it has");
        await client.TrySendAsync(RawFrame.Encode(RawFrame.Close, close.Payload));
        Assert.That(await client.ReadToEndAsync(), Is.Zero, "nothing follows a close frame but the end");
        Assert.That(await _host.EndReasonOfAsync(user), Is.EqualTo(reason));
    }

    [TestCase("", 1000)]
    [TestCase("1000", 1000)]
    [TestCase("1001", 1001)]
    [TestCase("4999", 4999)]
    public async Task Close_FromTheClient_IsAnsweredWithItsCode(string code, int answered)
    {
        var user = $"closing-{code}";
        await using var client = await RawPeer.OpenAsync(_host.Port, user);

        await client.SendFrameAsync(RawFrame.Close, code.Length == 0 ? [] : Status(int.Parse(code)));

        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(answered));
        Assert.That(await client.ReadToEndAsync(), Is.Zero);
        Assert.That(await _host.EndReasonOfAsync(user), Is.EqualTo("client_closed"));
    }

    // RFC 6455, 5.4: control frames may come between the fragments of a message.
    [Test]
    public async Task Close_BetweenFragments_IsAGoodbyeLikeAnyOther()
    {
        await using var client = await RawPeer.OpenAsync(_host.Port, "hasty");
        await client.SendFrameAsync(RawFrame.Text, "{"u8.ToArray(), final: false);
        await client.SendFrameAsync(RawFrame.Close, Status(1001));

        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1001));
        Assert.That(await _host.EndReasonOfAsync("hasty"), Is.EqualTo("client_closed"));
    }

    [Test]
    public async Task Message_InFragmentsWithPingsBetween_IsTaken()
    {
        await using var client = await RawPeer.OpenAsync(_host.Port, "fragmenting");
        foreach (var piece in """{"type":"made_up"}""")
        {
            await client.SendFrameAsync(piece == '{' ? RawFrame.Text : 0, Encoding.ASCII.GetBytes([piece]), final: piece == '}');
            if (piece != '}')
            {
                await client.SendFrameAsync(RawFrame.Ping, Encoding.ASCII.GetBytes([piece]));
            }
        }

        var frames = new List<RawFrame>();
        while (frames.Count < 18)
        {
            frames.Add((await client.ReadFrameAsync())!);
        }

        Assert.That(
            string.Concat(frames.Where(static f => f.Opcode == RawFrame.Pong).Select(static f => f.PayloadText)),
            Is.EqualTo("""{"type":"made_up" """.TrimEnd()));
        Assert.That(frames.Single(static f => f.Opcode == RawFrame.Text).PayloadText, Does.Contain("unknown_message"));
    }

    [Test]
    public async Task Message_OfExactlyTheLimit_IsTaken()
    {
        await using var client = await RawPeer.OpenAsync(_host.Port, "large");
        var head = """{"type":"made_up","x":"""u8;
        await client.SendFrameAsync(RawFrame.Text, (byte[])[.. head, .. Spaces((64 * 1024) - head.Length - 2), (byte)'1', (byte)'}']);

        Assert.That((await client.ReadFrameAsync())!.PayloadText, Does.Contain("unknown_message"));
    }

    [Test]
    public async Task Message_ThatNeverEnds_IsNotKept()
    {
        await using var client = await RawPeer.OpenAsync(_host.Port, "endless");
        await client.SendFrameAsync(RawFrame.Text, Spaces(60 * 1024), final: false);
        var chunk = RawFrame.Encode(0, Spaces(60 * 1024), final: false);
        for (var i = 0; i < 100; i++)
        {
            if (!await client.TrySendAsync(chunk))
            {
                break;
            }
        }

        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1009));
        Assert.That(await client.ReadToEndAsync(), Is.Zero);
        Assert.That(await _host.EndReasonOfAsync("endless"), Is.EqualTo("message_too_big"));
    }

    // A message that is declared to have 10 MB, of which 65,537 bytes come and no more.
    [Test]
    public async Task Message_ThatPassesTheLimit_EndsAtOnce()
    {
        await using var client = await RawPeer.OpenAsync(_host.Port, "boasting");
        var frame = RawFrame.Encode(RawFrame.Text, Spaces(10 * 1024 * 1024));

        await client.SendAsync(frame.AsMemory(0, 14 + (64 * 1024) + 1));

        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1009));
        await client.TrySendAsync(RawFrame.Encode(RawFrame.Close, Status(1009)));
        Assert.That(await _host.EndReasonOfAsync("boasting"), Is.EqualTo("message_too_big"));
    }

    [Test]
    public async Task Frame_ViolatingBeforeThePeerEndsItsSide_IsToldAllTheSame([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [HostLogs.Debug], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        foreach (var (reason, code, bytes) in new[]
        {
            ("invalid_message", 4400, RawFrame.Encode("no JSON")),
            ("unsupported_data", 1003, RawFrame.Encode(RawFrame.Binary, new byte[10])),
            ("message_too_big", 1009, RawFrame.Encode(RawFrame.Text, Spaces((64 * 1024) + 1))),
            ("protocol_error", 1002, RawFrame.Encode(3, new byte[10])),
            ("invalid_payload", 1007, RawFrame.Encode(RawFrame.Text, new byte[] { (byte)'"', 0xFF, (byte)'"' })),
        })
        {
            await using var client = await RawPeer.OpenAsync(host.Port, reason);

            await client.SendAsync(bytes);
            client.ShutdownSend();

            var close = await client.ReadCloseAsync();
            Assert.That((close.CloseStatus, close.CloseReason), Is.EqualTo(((int?)code, reason)));
            Assert.That(await client.ReadToEndAsync(), Is.Zero);
        }

        host.AssertNoErrors();
    }

    // The first violation decides, in code and text, whatever follows it in the same packet.
    [Test]
    public async Task Frames_ViolatingTwice_AreToldTheFirstReason()
    {
        for (var i = 0; i < 20; i++)
        {
            var user = $"twice-{i}";
            await using var client = await RawPeer.OpenAsync(_host.Port, user);

            await client.SendAsync((byte[])[.. RawFrame.Encode("no JSON"), .. RawFrame.Encode(3, [1, 2, 3])]);

            var close = await client.ReadCloseAsync();
            Assert.That((close.CloseStatus, close.CloseReason), Is.EqualTo(((int?)4400, "invalid_message")));
            Assert.That(await client.ReadToEndAsync(), Is.Zero);
            Assert.That(await _host.EndReasonOfAsync(user), Is.EqualTo("invalid_message"));
        }
    }

    // Measured before: 158 MB in 5 s.
    [Test]
    public async Task Peer_ThatSendsOnAfterTheGoodbye_IsCutAfterAFewKilobytes([Values] bool fastDoor)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:CloseTimeout", "00:01:00")], kestrel: fastDoor ? Listeners.FastDoor : Listeners.SecondDoorOnly);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada");
        await client.SendAsync(RawFrame.Encode("no JSON"));
        Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(4400));

        var chunk = RawFrame.Encode(RawFrame.Text, Spaces(60 * 1024));
        var sent = 0L;
        while (await client.TrySendAsync(chunk))
        {
            sent += chunk.Length;
        }

        Assert.That(sent, Is.LessThan(32 * 1024 * 1024), "what kernel and server buffer, and no more");
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "it is over long before the close timeout");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Transport_EndsWithoutAGoodbye_IsAClientLost(bool reset)
    {
        var user = $"lost-{reset}";
        await using var client = await RawPeer.OpenAsync(_host.Port, user);
        await client.SendAsync(RawFrame.Encode("""{"type":"ack","seq":0}""").AsMemory(0, 5));

        if (reset)
        {
            client.Reset();
        }
        else
        {
            client.ShutdownSend();
            await client.ReadToEndAsync();
        }

        Assert.That(await _host.EndReasonOfAsync(user), Is.EqualTo("client_lost"));
    }

    private static TestCaseData Case(string name, string reason, int code, params byte[][] frames)
        => new TestCaseData(reason, code, frames.SelectMany(static f => f).ToArray()).SetArgDisplayNames(name, reason);

    private static byte[] Spaces(int count)
    {
        var spaces = new byte[count];
        spaces.AsSpan().Fill((byte)' ');
        return spaces;
    }

    private static byte[] Status(int code) => [(byte)(code >> 8), (byte)code];
}
