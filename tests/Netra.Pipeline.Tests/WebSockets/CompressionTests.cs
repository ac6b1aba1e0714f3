using System.IO.Compression;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>permessage-deflate (RFC 7692), where it is on: what is agreed, what is sent, and messages that are made to grow.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CompressionTests
{
    private const string Fields = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    private const string WithoutContext = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
    private const int Compressed = 0x40;
    private static readonly (string, string)[] On = [("Netra:WebSockets:Compression", "true")];

    [TestCase("permessage-deflate", "server_max_window_bits=12; client_no_context_takeover")]
    [TestCase(
        "permessage-deflate; client_max_window_bits",
        "server_max_window_bits=12; client_no_context_takeover; client_max_window_bits=12")]
    [TestCase(
        "permessage-deflate; client_max_window_bits=10",
        "server_max_window_bits=12; client_no_context_takeover; client_max_window_bits=10")]
    [TestCase("permessage-deflate; client_max_window_bits=8", "server_max_window_bits=12; client_no_context_takeover")]
    [TestCase("PERMESSAGE-DEFLATE ; SERVER_MAX_WINDOW_BITS=\"9\"", "server_max_window_bits=9; client_no_context_takeover")]
    [TestCase(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover")]
    [TestCase("x-other; a=\"b\", permessage-deflate; server_max_window_bits=15", "server_max_window_bits=12; client_no_context_takeover")]
    [TestCase("permessage-deflate; server_max_window_bits=8, permessage-deflate", "server_max_window_bits=12; client_no_context_takeover")]
    [TestCase("permessage-deflate; unknown", null)]
    [TestCase("permessage-deflate; server_max_window_bits", null)]
    [TestCase("permessage-deflate; server_max_window_bits=16", null)]
    [TestCase("permessage-deflate; server_max_window_bits=09", null)]
    [TestCase("permessage-deflate; server_max_window_bits=+9", null)]
    [TestCase("permessage-deflate; client_max_window_bits=7", null)]
    [TestCase("permessage-deflate; client_max_window_bits=", null)]
    [TestCase("permessage-deflate; server_no_context_takeover=1", null)]
    [TestCase("permessage-deflate; server_no_context_takeover; server_no_context_takeover", null)]
    [TestCase("permessage-deflate;", null)]
    [TestCase("permessage-deflate-x", null)]
    [TestCase("", null)]
    public void Agree_AnyOffer_IsAnsweredOrDeclined(string offer, string? answer)
    {
        var compression = new Compression(Microsoft.Extensions.Options.Options.Create(new WebSocketDoorOptions { Compression = true }));

        Assert.That(
            compression.Agree(new StringValues(offer))?.Answer, Is.EqualTo(answer is null ? null : $"permessage-deflate; {answer}"));
    }

    [Test]
    public async Task Handshake_WithoutTheOption_AgreesOnNothing()
    {
        await using var doors = await OpenAsync();

        foreach (var answer in await doors.AskBothAsync(Handshake(fields: Fields)))
        {
            Assert.That((answer.Status, answer.Header("Sec-WebSocket-Extensions")), Is.EqualTo((101, (string?)null)));
        }

        foreach (var port in doors.Ports)
        {
            await using var client = await RawPeer.OpenAsync(port, "ada");
            await client.SendAsync(RawFrame.Encode(RawFrame.Text, Deflated("{}"), reserved: Compressed));
            Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1002), "RSV1 means nothing then");
        }
    }

    [Test]
    public async Task Messages_BothWays_AreCompressedAndTheSame([Values] bool keepsContext)
    {
        await using var doors = await OpenAsync([.. On, ("Netra:WebSockets:CompressionContexts", keepsContext ? "9" : "0")]);
        foreach (var port in doors.Ports)
        {
            using var client = new ClientWebSocket();
            client.Options.DangerousDeflateOptions = new WebSocketDeflateOptions { ServerContextTakeover = true };
            await client.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=user-{port}"), CancellationToken.None);
            Assert.That(await ReadAsync(client), Is.InstanceOf<WelcomeMessage>());
            await using var emitter = await doors.Host.EmitterOfAsync($"user-{port}");
            for (var i = 0; i < 50; i++)
            {
                var text = $"{i} " + string.Concat(Enumerable.Repeat($"ä€😀{i}", i * 20));
                await emitter.TokenAsync(text);
                var token = (EventMessage)await ReadAsync(client);
                Assert.That(token.Data.GetProperty("delta").GetString(), Is.EqualTo(text));
                await client.SendAsync(ClientMessageWriter.Ack(token.Seq), WebSocketMessageType.Text, true, CancellationToken.None);
            }

            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        await Eventually.BecomesTrueAsync(
            () => doors.Host.Services.GetRequiredService<Compression>().Contexts == 0, "contexts are given back");
        doors.Host.AssertNoErrors();
    }

    [Test]
    public async Task Contexts_AboveTheLimit_AreNotKept()
    {
        await using var doors = await OpenAsync([.. On, ("Netra:WebSockets:CompressionContexts", "2")]);
        var compression = doors.Host.Services.GetRequiredService<Compression>();
        await using (var first = await DialAsync(doors.Ports[0], keepsContext: true))
        await using (var second = await DialAsync(doors.Ports[1], keepsContext: true))
        {
            await using var third = await DialAsync(doors.Ports[0], keepsContext: false);
            await using var fourth = await DialAsync(doors.Ports[1], keepsContext: false);
            Assert.That(compression.Contexts, Is.EqualTo(2));
        }

        await Eventually.BecomesTrueAsync(() => compression.Contexts == 0, "they have gone");
        await using var next = await DialAsync(doors.Ports[0], keepsContext: true);
    }

    // 64 KB of zeros are 78 bytes; 100 MB of them 100 KB.
    [Test]
    public async Task Bomb_OfAnyKind_EndsAtTheLimitOfTheInflatedMessage()
    {
        await using var doors = await OpenAsync([.. On, HostLogs.NoPings]);
        var bomb = Deflated(new string(' ', 100 * 1024 * 1024));
        var nested = Deflated(Encoding.Latin1.GetString(bomb));
        foreach (var port in doors.Ports)
        {
            foreach (var (frames, code) in ((byte[], int)[])
            [
                (RawFrame.Encode(RawFrame.Text, bomb, reserved: Compressed), 1009),
                ([.. RawFrame.Encode(RawFrame.Text, bomb.AsSpan(0, 50), final: false, reserved: Compressed),
                .. RawFrame.Encode(0, bomb.AsSpan(50))], 1009),
                (RawFrame.Encode(RawFrame.Text, Deflated(new string(' ', (64 * 1024) + 1)), reserved: Compressed), 1009),
                (RawFrame.Encode(RawFrame.Binary, nested, reserved: Compressed), 1009),
            ])
            {
                await using var client = await DialAsync(port);

                await client.TrySendAsync(frames);

                Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(code));
            }
        }

        doors.Host.AssertNoErrors();
    }

    // In a process of its own, since what a bomb takes is not on the heap alone.
    [Test]
    public async Task Bombs_ByTheHundred_LeaveTheServersMemoryFlat()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start(
            "Development", folder.Argument, "--Netra:WebSockets:Compression=true", "--Netra:Streams:MaxConnectionsPerUser=1000");
        var port = await server.WhenReadyAsync();
        var bomb = RawFrame.Encode(RawFrame.Text, Deflated(new string(' ', 50 * 1024 * 1024)), reserved: Compressed);
        await ThrowAsync(20);
        var before = MemoryOf(server);

        await ThrowAsync(200);

        Assert.That(MemoryOf(server) - before, Is.LessThan(64), "MB; the bombs are 10 GB");

        async Task ThrowAsync(int bombs)
        {
            foreach (var chunk in Enumerable.Range(0, bombs).Chunk(20))
            {
                await Task.WhenAll(chunk.Select(async _ =>
                {
                    await using var client = await DialAsync(port);
                    await client.TrySendAsync(bomb);
                    Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(1009));
                }));
            }
        }
    }

    [Test]
    public async Task Frames_AgainstRfc7692_EndTheConnection()
    {
        await using var doors = await OpenAsync([.. On, HostLogs.NoPings]);
        var text = Deflated("""{"type":"made_up"}""");
        foreach (var port in doors.Ports)
        {
            foreach (var (rule, frames, code) in ((string, byte[], int)[])
            [
                ("6.1 the first frame alone has the bit",
                    [.. RawFrame.Encode(RawFrame.Text, text.AsSpan(0, 3), final: false, reserved: Compressed),
                    .. RawFrame.Encode(0, text.AsSpan(3), reserved: Compressed)], 1002),
                ("5 control frames have it not", RawFrame.Encode(RawFrame.Ping, text, reserved: Compressed), 1002),
                ("5 the other bits mean nothing", RawFrame.Encode(RawFrame.Text, text, reserved: 0x20), 1002),
                ("7.2.2 what is no deflate", RawFrame.Encode(RawFrame.Text, [0xFF, 0xFF, 0xFF, 0xFF], reserved: Compressed), 1007),
                ("7.2.2 an inflated text is UTF-8",
                    RawFrame.Encode(RawFrame.Text, Deflated("\"\u00ff\"", Encoding.Latin1), reserved: Compressed), 1007),
            ])
            {
                await using var client = await DialAsync(port);

                await client.SendAsync(frames);

                Assert.That((await client.ReadCloseAsync()).CloseStatus, Is.EqualTo(code), rule);
            }

            // 6: a message may be sent as it is, and an empty one compressed; each piece by itself.
            await using var fine = await DialAsync(port);
            await fine.SendAsync((byte[])
            [
                .. RawFrame.Encode("""{"type":"made_up"}"""),
                .. RawFrame.Encode(RawFrame.Text, text, reserved: Compressed),
                .. RawFrame.Encode(RawFrame.Text, text.AsSpan(0, 1), final: false, reserved: Compressed),
                .. text.Skip(1).SelectMany(static b => RawFrame.Encode(0, [b], final: false)),
                .. RawFrame.Encode(RawFrame.Ping, "p"u8),
                .. RawFrame.Encode(0, []),
            ]);
            for (var i = 0; i < 4; i++)
            {
                var frame = (await fine.ReadFrameAsync())!;
                Assert.That(
                    frame.Opcode == RawFrame.Pong ? frame.PayloadText : Inflated(frame), Is.EqualTo("p").Or.Contains("unknown_message"));
            }
        }

        doors.Host.AssertNoErrors();
    }

    private static async Task<RawPeer> DialAsync(int port, bool? keepsContext = null)
    {
        var client = await RawPeer.ConnectAsync(port);
        await client.SendAsync(Handshake(fields: keepsContext is null ? WithoutContext : Fields));
        var answer = (await client.ReadResponseAsync())!;
        Assert.That(answer.Status, Is.EqualTo(101));
        var extensions = answer.Header("Sec-WebSocket-Extensions");
        Assert.That(extensions, Does.StartWith("permessage-deflate; server_max_window_bits=12; client_no_context_takeover"));
        if (keepsContext is { } keeps)
        {
            Assert.That(extensions, keeps ? Does.Not.Contain("server_no_context") : Does.Contain("server_no_context_takeover"));
        }

        var welcome = (await client.ReadFrameAsync())!;
        Assert.That(Inflated(welcome), Does.StartWith("{\"type\":\"welcome\""));
        return client;
    }

    private static int MemoryOf(ServerProcess server)
        => int.Parse(File.ReadLines($"/proc/{server.Id}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) / 1024;

    private static async Task<ServerMessage> ReadAsync(ClientWebSocket client)
    {
        var buffer = new byte[64 * 1024];
        var received = await client.ReceiveAsync(buffer, new CancellationTokenSource(TestClient.Patience).Token);
        Assert.That(received.EndOfMessage, Is.True);
        return ServerMessageReader.Read(buffer.AsSpan(0, received.Count));
    }

    // Of a message that stands at the beginning of a context.
    private static string Inflated(RawFrame frame)
    {
        Assert.That(frame.ReservedBits, Is.EqualTo(Compressed));
        using var inflater = new DeflateStream(new MemoryStream([.. frame.Payload, 0, 0, 0xFF, 0xFF]), CompressionMode.Decompress);
        var text = new byte[64 * 1024];
        return Encoding.UTF8.GetString(text, 0, inflater.ReadAtLeast(text, text.Length, throwOnEndOfStream: false));
    }

    // Without the four bytes that a sync flush ends with (RFC 7692, 7.2.1).
    private static byte[] Deflated(string text, Encoding? encoding = null)
    {
        using var output = new MemoryStream();
        using (var deflater = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflater.Write((encoding ?? Encoding.UTF8).GetBytes(text));
            deflater.Flush();
            return output.ToArray()[..^4];
        }
    }
}
