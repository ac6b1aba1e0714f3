using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Edge;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// Each rule of RFC 6455 that a server has to keep, by its section, over a real socket and at both doors. What our own protocol adds is in
/// <see cref="HostileFrameTests"/>.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class Rfc6455Tests
{
    private const string Unknown = """{"type":"made_up","x":"TEXT"}""";

    private static readonly Violation[] Violations = [.. AllViolations()];

    private static int _users;
    private BothDoors _doors = null!;
    private Dictionary<Violation, Task> _violations = [];

    // All violations at once: after each the server waits for a moment, to let the peer read why.
    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _doors = await BothDoors.OpenAsync([HostLogs.NoPings, ("Netra:Http:AllowedOrigins:0", "https://chat.example.com")]);
        _violations = Violations.ToDictionary(
            static violation => violation, violation => Task.WhenAll(_doors.Ports.Select(port => ShouldEndAsync(port, violation))));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        try
        {
            _doors.Host.AssertNoErrors();
        }
        finally
        {
            await _doors.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Handshakes))]
    public async Task Handshake_ByTheRule_IsAnsweredAsItSays(string request, int status, string? field, string? value)
    {
        foreach (var answer in await _doors.AskBothAsync(request))
        {
            Assert.That(answer.Status, Is.EqualTo(status), answer.Text);
            if (field is not null)
            {
                Assert.That(answer.Header(field), value is null ? Is.Null : Is.EqualTo(value).IgnoreCase, field);
            }
        }
    }

    [TestCaseSource(nameof(Violations))]
    public Task Frames_AgainstTheRule_EndTheConnectionWithItsCode(Violation violation) => _violations[violation];

    [TestCaseSource(nameof(Kept))]
    public async Task Frames_ByTheRule_AreTakenAndTheConnectionGoesOn(byte[] frames, string[] answers)
    {
        foreach (var port in _doors.Ports)
        {
            await using var client = await OpenAsync(port);

            await client.SendAsync((byte[])[.. frames, .. RawFrame.Encode(RawFrame.Ping, "last"u8)]);

            // Texts and pongs may pass each other.
            var came = new List<string>();
            for (var i = 0; i <= answers.Length; i++)
            {
                var frame = (await client.ReadFrameAsync())!;
                Assert.That((frame.IsFinal, frame.ReservedBits), Is.EqualTo((true, 0)));
                came.Add(frame.Opcode == RawFrame.Pong ? $"pong {frame.PayloadText}" : $"text {CodeOf(frame.PayloadText)}");
            }

            Assert.That(came, Is.EquivalentTo(answers.Append("pong last")));
            Assert.That(
                came.Where(static answer => answer.StartsWith("pong", StringComparison.Ordinal)),
                Is.EqualTo(answers.Append("pong last").Where(static answer => answer.StartsWith("pong", StringComparison.Ordinal))));
        }
    }

    [TestCaseSource(nameof(Goodbyes))]
    public async Task Close_ByTheRule_IsAnsweredOnceAndEndsTheTransport(byte[] frames, int answered)
    {
        foreach (var port in _doors.Ports)
        {
            await using var client = await OpenAsync(port);

            await client.SendAsync(frames);

            Assert.That((await client.ReadFrameAsync())!.CloseStatus, Is.EqualTo(answered));
            Assert.That(await client.ReadToEndAsync(), Is.Zero);
        }
    }

    private static IEnumerable<TestCaseData> Handshakes()
    {
        yield return Rule("4.2.1 (1) the method is GET", "POST /ws?user_id=ada", 405);
        yield return Rule("4.2.1 (1) HTTP is 1.1 at least", "GET /ws?user_id=ada HTTP/1.0", 426);
        yield return Rule("4.2.1 (2) Host is there", null, 400, without: "Host");
        yield return Rule("4.2.1 (3) Upgrade is there", null, 426, without: "Upgrade");
        yield return Rule("4.2.1 (3) Upgrade has websocket", null, 426, with: "Upgrade: h2c");
        yield return Rule("4.2.1 (3) in any case", null, 101, with: "Upgrade: WebSocket");
        yield return Rule("4.2.1 (3) among others", null, 101, with: "Upgrade: h2c, websocket");
        yield return Rule("4.2.1 (4) Connection is there", null, 426, without: "Connection");
        yield return Rule("4.2.1 (4) Connection has Upgrade", null, 426, with: "Connection: close");
        yield return Rule("4.2.1 (4) in any case, among others", null, 101, with: "Connection: keep-alive, UPGRADE");
        yield return Rule("4.2.1 (5) a key is there", null, 400, without: "Sec-WebSocket-Key");
        yield return Rule("4.2.1 (5) it is of 16 bytes, not less", null, 400, with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub24=");
        yield return Rule("4.2.1 (5) nor more", null, 400, with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZXMh");
        yield return Rule("4.2.1 (5) it is base64", null, 400, with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j????");
        yield return Rule(
            "11.3.1 it is there once", null, 400, with: $"Sec-WebSocket-Key: {RawPeer.Key}\r\nSec-WebSocket-Key: {RawPeer.Key}");
        yield return Rule("4.2.1 (6) the version is there", null, 426, without: "Sec-WebSocket-Version");
        yield return Rule("4.2.2 (4) another version is told ours", null, 426, "Sec-WebSocket-Version", "13", "Sec-WebSocket-Version: 8");
        yield return Rule("4.4 a list is no version", null, 426, "Sec-WebSocket-Version", "13", "Sec-WebSocket-Version: 13, 8");
        yield return Rule("4.2.2 (1) an origin of ours", null, 101, with: "Origin: http://127.0.0.1");
        yield return Rule("4.2.2 (1) a listed origin", null, 101, with: "Origin: https://chat.example.com");
        yield return Rule("4.2.2 (1) any other", null, 403, with: "Origin: https://evil.example");
        yield return Rule("4.2.2 (5.1) the answer is 101", null, 101);
        yield return Rule("4.2.2 (5.2) with Upgrade", null, 101, "Upgrade", "websocket");
        yield return Rule("4.2.2 (5.3) and Connection", null, 101, "Connection", "Upgrade");
        yield return Rule("4.2.2 (5.4) the key is answered", null, 101, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        yield return Rule("4.2.2 (5.5) no subprotocol without an offer", null, 101, "Sec-WebSocket-Protocol", null);
        yield return Rule(
            "4.2.2 (5.5) one of those that are offered",
            null, 101, "Sec-WebSocket-Protocol", "netra.v1", "Sec-WebSocket-Protocol: chat, netra.v1");
        yield return Rule("4.2.2 (4) none of ours is offered", null, 400, with: "Sec-WebSocket-Protocol: chat");
        yield return Rule("11.3.4 subprotocols are compared with their case", null, 400, with: "Sec-WebSocket-Protocol: NETRA.V1");
        yield return Rule(
            "4.2.2 (5.6), 9.1 no extension that is not known",
            null, 101, "Sec-WebSocket-Extensions", null, "Sec-WebSocket-Extensions: x-foo; a=1");
        yield return Rule(
            "4.1 names of fields have no case", null, 101, with: $"sec-websocket-key: {RawPeer.Key}", without: "Sec-WebSocket-Key");
        yield return Rule("4.2.1 other fields are ignored", null, 101, with: "X-Other: y\r\nCookie: a=b");
    }

    private static async Task ShouldEndAsync(int port, Violation violation)
    {
        await using var client = await OpenAsync(port);

        await client.SendAsync(violation.Frames);

        var close = await client.ReadCloseAsync();
        Assert.That((close.CloseStatus, close.IsFinal, close.ReservedBits), Is.EqualTo(((int?)violation.Code, true, 0)));
        await client.TrySendAsync(RawFrame.Encode(RawFrame.Close, close.Payload.AsSpan(0, 2)));
        Assert.That(await client.ReadToEndAsync(), Is.Zero, "7.1.1: the server ends the transport, and nothing follows a close frame");
    }

    private static IEnumerable<Violation> AllViolations()
    {
        var text = Encoding.UTF8.GetBytes(Unknown);
        yield return Broken("5.1 a client masks", 1002, RawFrame.Encode(RawFrame.Text, text, masked: false));
        yield return Broken("5.1 its control frames too, whole or not", 1002, RawFrame.Encode(RawFrame.Ping, [], masked: false));
        foreach (var bit in (int[])[0x40, 0x20, 0x10, 0x70])
        {
            yield return Broken($"5.2 reserved bits {bit:X} of a text", 1002, RawFrame.Encode(RawFrame.Text, text, reserved: bit));
            yield return Broken($"5.2 reserved bits {bit:X} of a ping", 1002, RawFrame.Encode(RawFrame.Ping, [], reserved: bit));
        }

        foreach (var opcode in (int[])[3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
        {
            yield return Broken($"5.2 opcode {opcode}", 1002, RawFrame.Encode(opcode, []));
        }

        yield return Broken("5.2 a length has 63 bits", 1002, [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        yield return Broken("5.4 a continuation continues something", 1002, RawFrame.Encode(0, text));
        yield return Broken("5.4 not what has ended", 1002, RawFrame.Encode(RawFrame.Text, text), RawFrame.Encode(0, text));
        yield return Broken(
            "5.4 messages are not interleaved",
            1002,
            RawFrame.Encode(RawFrame.Text, "{"u8, final: false),
            RawFrame.Encode(RawFrame.Text, text));
        foreach (var opcode in (int[])[RawFrame.Close, RawFrame.Ping, RawFrame.Pong])
        {
            yield return Broken($"5.5 control frame {opcode} is whole", 1002, RawFrame.Encode(opcode, [], final: false));
            yield return Broken($"5.5 control frame {opcode} has 125 bytes at most", 1002, RawFrame.Encode(opcode, new byte[126]));
        }

        yield return Broken("5.5.1 a close frame has no code of one byte", 1002, RawFrame.Encode(RawFrame.Close, [3]));
        foreach (var code in (int[])[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
        {
            yield return Broken($"7.4 code {code} is none to send", 1002, Goodbye(code));
        }

        yield return Broken("5.6 a text is UTF-8", 1007, RawFrame.Encode(RawFrame.Text, [(byte)'"', 0xFF, (byte)'"']));
        foreach (var (name, bytes) in ((string, byte[])[])
        [
            ("a lone continuation", [0x80]), ("an overlong form", [0xC0, 0xAF]), ("of three bytes", [0xE0, 0x80, 0xAF]),
            ("a surrogate", [0xED, 0xA0, 0x80]), ("above U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
            ("of five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]), ("cut short", [0xF0, 0x9F, 0x98]),
        ])
        {
            yield return Broken($"8.1 UTF-8: {name}", 1007, RawFrame.Encode(RawFrame.Text, [(byte)'"', .. bytes, (byte)'"']));
            yield return Broken(
                $"8.1 over fragments: {name}",
                1007,
                RawFrame.Encode(RawFrame.Text, "\""u8, final: false),
                [.. bytes.SelectMany(static b => RawFrame.Encode(0, [b], final: false))],
                RawFrame.Encode(0, "\""u8));
        }

        yield return Broken("8.1 the end is within a character", 1007, RawFrame.Encode(RawFrame.Text, [0xC3]));
        yield return Broken(
            "8.1 it is told before the message ends", 1007, RawFrame.Encode(RawFrame.Text, [(byte)'"', 0xED, 0xA0, 0x80], final: false));
        yield return Broken("7.4.1 what we do not take is told", 1003, RawFrame.Encode(RawFrame.Binary, [1, 2, 3]));
        yield return Broken("10.4 a message has a limit", 1009, RawFrame.Encode(RawFrame.Text, Spaces((64 * 1024) + 1)));
        yield return Broken(
            "10.4 over fragments too",
            1009,
            RawFrame.Encode(RawFrame.Text, Spaces(60_000), final: false),
            RawFrame.Encode(0, Spaces(60_000)));
    }

    private static IEnumerable<TestCaseData> Kept()
    {
        var text = Encoding.UTF8.GetBytes(Unknown);
        yield return Fine("5.2 lengths of 7 bits", [Message(125)], "text unknown_message");
        yield return Fine("5.2 of 16 bits", [Message(126)], "text unknown_message");
        yield return Fine("5.2 of 16 bits, the longest", [Message(65_535)], "text unknown_message");
        yield return Fine("5.2 of 64 bits", [Message(65_536)], "text unknown_message");
        yield return Fine(
            "5.3 any mask",
            [Masked(text, [0, 0, 0, 0]), Masked(text, [255, 0, 255, 1])],
            "text unknown_message",
            "text unknown_message");
        yield return Fine(
            "5.4 fragments",
            [RawFrame.Encode(RawFrame.Text, text.AsSpan(0, 3), final: false), RawFrame.Encode(0, text.AsSpan(3))],
            "text unknown_message");
        yield return Fine(
            "5.4 fragments of nothing",
            [
                RawFrame.Encode(RawFrame.Text, [], final: false), RawFrame.Encode(0, [], final: false),
                RawFrame.Encode(0, text, final: false), RawFrame.Encode(0, []),
            ],
            "text unknown_message");
        yield return Fine(
            "5.4 fragments of one byte",
            [.. text.Select((b, i) => RawFrame.Encode(i == 0 ? RawFrame.Text : 0, [b], final: i == text.Length - 1))],
            "text unknown_message");
        yield return Fine(
            "5.4 control frames between fragments",
            [
                RawFrame.Encode(RawFrame.Text, text.AsSpan(0, 3), final: false), RawFrame.Encode(RawFrame.Ping, "a"u8),
                RawFrame.Encode(RawFrame.Pong, "b"u8), RawFrame.Encode(0, text.AsSpan(3)),
            ],
            "pong a",
            "text unknown_message");
        yield return Fine("5.5.2 a ping is answered", [RawFrame.Encode(RawFrame.Ping, [])], "pong ");
        yield return Fine(
            "5.5.3 with its payload, of any length", [RawFrame.Encode(RawFrame.Ping, Spaces(125))], $"pong {new string(' ', 125)}");
        yield return Fine(
            "5.5.3 each in turn", [RawFrame.Encode(RawFrame.Ping, "1"u8), RawFrame.Encode(RawFrame.Ping, "2"u8)], "pong 1", "pong 2");
        yield return Fine("5.5.3 a pong that nobody asked for", [RawFrame.Encode(RawFrame.Pong, "x"u8)]);
        foreach (var (name, value) in ((string, string)[])
            [("of two bytes", "ä"), ("of three", "€"), ("of four", "😀"), ("U+10FFFF", "\U0010FFFF"), ("a non-character", "\uFFFE")])
        {
            var bytes = Encoding.UTF8.GetBytes(Unknown.Replace("TEXT", value));
            yield return Fine(
                $"8.1 characters {name}, cut anywhere",
                [.. bytes.Select((b, i) => RawFrame.Encode(i == 0 ? RawFrame.Text : 0, [b], final: i == bytes.Length - 1))],
                "text unknown_message");
        }
    }

    private static IEnumerable<TestCaseData> Goodbyes()
    {
        yield return Said("5.5.1 a close frame is answered with its code", 1000, Goodbye(1000));
        yield return Said("5.5.1 or with 1000 where it has none", 1000, RawFrame.Encode(RawFrame.Close, []));
        yield return Said("5.5.1 with a reason", 1000, RawFrame.Encode(RawFrame.Close, [3, 0xE8, .. "bye äöü"u8]));
        yield return Said("5.5.1 the longest", 1000, RawFrame.Encode(RawFrame.Close, [3, 0xE8, .. Spaces(123)]));
        yield return Said(
            "5.5.1 what comes after it is ignored", 1001, [.. Goodbye(1001), .. RawFrame.Encode(Unknown), .. RawFrame.Encode(3, [])]);
        yield return Said("5.5.1 another one too", 1001, [.. Goodbye(1001), .. Goodbye(1000)]);
        yield return Said("5.4 between fragments", 1001, [.. RawFrame.Encode(RawFrame.Text, "{"u8, final: false), .. Goodbye(1001)]);
        foreach (var code in (int[])[1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
        {
            yield return Said($"7.4 code {code}", code, Goodbye(code));
        }
    }

    private static TestCaseData Rule(
        string rule, string? line, int status, string? field = null, string? value = null, string? with = null, string? without = null)
    {
        var fields = new List<string>
        {
            "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            $"Sec-WebSocket-Key: {RawPeer.Key}",
        };
        var replaced = without ?? with?[..with.IndexOf(':')];
        fields.RemoveAll(line => line.StartsWith($"{replaced}:", StringComparison.OrdinalIgnoreCase));
        fields.AddRange(with is null ? [] : [with]);
        var request = line is null ? "GET /ws?user_id=ada HTTP/1.1" : line.Contains("HTTP/") ? line : $"{line} HTTP/1.1";
        return new TestCaseData($"{request}\r\n{string.Join("\r\n", fields)}\r\n\r\n", status, field, value).SetArgDisplayNames(rule);
    }

    private static Violation Broken(string rule, int code, params byte[][] frames)
        => new(rule, code, [.. frames.SelectMany(static frame => frame)]);

    private static TestCaseData Fine(string rule, byte[][] frames, params string[] answers)
        => new TestCaseData(frames.SelectMany(static frame => frame).ToArray(), answers).SetArgDisplayNames(rule);

    private static TestCaseData Said(string rule, int answered, byte[] frames)
        => new TestCaseData(frames, answered).SetArgDisplayNames(rule);

    private static async Task<RawPeer> OpenAsync(int port)
        => await RawPeer.OpenAsync(port, $"rfc-{Interlocked.Increment(ref _users)}");

    private static byte[] Goodbye(int code) => RawFrame.Encode(RawFrame.Close, [(byte)(code >> 8), (byte)code]);

    private static byte[] Message(int length) => RawFrame.Encode(Unknown.Replace("TEXT", new string('x', length - Unknown.Length + 4)));

    private static byte[] Masked(byte[] text, byte[] mask)
        => [0x81, (byte)(0x80 | text.Length), .. mask, .. text.Select((b, i) => (byte)(b ^ mask[i % 4]))];

    private static byte[] Spaces(int count)
    {
        var spaces = new byte[count];
        spaces.AsSpan().Fill((byte)' ');
        return spaces;
    }

    private static string? CodeOf(string message) => JsonElement.Parse(message).Text("code");

    /// <summary>Frames against a rule, and the code that they are closed with.</summary>
    internal sealed record Violation(string Rule, int Code, byte[] Frames)
    {
        public override string ToString() => Rule;
    }
}
