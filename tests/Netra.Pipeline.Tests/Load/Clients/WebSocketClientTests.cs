using System.Text;
using FsCheck;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Clients;

/// <summary>The load harness's own WebSocket client, over real sockets, against servers that send what they like.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WebSocketClientTests
{
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public async Task Read_MessagesInAnyFramesAndPieces_AreTheSame(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var messages = Enumerable.Range(0, random.Next(1, 30)).Select(_ => Text(random)).ToArray();
        using var peer = new ScriptedPeer();

        var handler = await peer.ReadAsync(Pieces(random, [.. messages.SelectMany(message => Frames(random, message))]));

        Assert.That(handler.Messages, Is.EqualTo(messages));
        Assert.That((await handler.Ended).Reason, Is.EqualTo("the server has ended the transport without a close frame"));
    }

    [FsCheck.NUnit.Property(MaxTest = 60)]
    public async Task Read_AnyBytes_EndsTheConnectionAndNothingElse(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var messages = Enumerable.Range(0, random.Next(4)).Select(_ => Text(random)).ToArray();
        byte[] bytes = [.. messages.SelectMany(message => Frames(random, message))];
        var garbage = new byte[random.Next(200)];
        random.NextBytes(garbage);
        using var peer = new ScriptedPeer();

        var handler = await peer.ReadAsync(Pieces(random, [.. bytes, .. garbage]));

        Assert.That(handler.Messages.Take(messages.Length), Is.EqualTo(messages));
        Assert.That((await handler.Ended).By, Is.EqualTo(ClientEndCause.BrokenServer).Or.EqualTo(ClientEndCause.Server));
    }

    [TestCase(0x82, "a frame of opcode 2")]
    [TestCase(0x83, "a frame of opcode 3")]
    [TestCase(0xC1, "a frame begins with 0xc1")]
    [TestCase(0x80, "a frame goes on with a message that has not begun")]
    [TestCase(0x09, "a control frame of 2 bytes, or in parts")]
    public async Task Read_FrameThatNoServerMaySend_IsToldAsTheServersFault(int first, string reason)
    {
        using var peer = new ScriptedPeer();

        var end = await (await peer.ReadAsync([[(byte)first, 2, 0x7B, 0x7D]])).Ended;

        Assert.That(end.By, Is.EqualTo(ClientEndCause.BrokenServer));
        Assert.That(end.Reason, Does.StartWith($"what the server sent cannot be read: {reason}"));
    }

    [Test]
    public async Task Read_MessageWithinAMessage_IsToldAsTheServersFault()
    {
        using var peer = new ScriptedPeer();

        var end = await (await peer.ReadAsync([[0x01, 1, 0x7B], [0x81, 1, 0x7B]])).Ended;

        Assert.That(end.Reason, Does.EndWith("a message begins within another one"));
    }

    private static string Text(Random random)
    {
        // Now and then longer than the buffer, and than what a length of two bytes says.
        var length = random.Next(20) switch { 0 => random.Next(200_000), < 5 => random.Next(8_000), _ => random.Next(300) };
        return string.Create(length, random, static (text, random) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = (char)random.Next(32, 127);
            }
        });
    }

    private static IEnumerable<byte> Frames(Random random, string message)
    {
        var parts = random.Next(4) == 0 ? random.Next(2, 5) : 1;
        var rest = Encoding.Latin1.GetBytes(message);
        for (var part = 0; part < parts; part++)
        {
            var length = part == parts - 1 ? rest.Length : random.Next(rest.Length + 1);
            if (random.Next(4) == 0)
            {
                var ping = new byte[random.Next(126)];
                foreach (var b in RawFrame.Encode(random.Next(2) == 0 ? RawFrame.Ping : RawFrame.Pong, ping, masked: false))
                {
                    yield return b;
                }
            }

            var opcode = part == 0 ? RawFrame.Text : 0;
            foreach (var b in RawFrame.Encode(opcode, rest.AsSpan(0, length), final: part == parts - 1, masked: false))
            {
                yield return b;
            }

            rest = rest[length..];
        }
    }

    private static IEnumerable<byte[]> Pieces(Random random, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(3) == 0 ? random.Next(1, 20) : random.Next(1, 100_000));
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
