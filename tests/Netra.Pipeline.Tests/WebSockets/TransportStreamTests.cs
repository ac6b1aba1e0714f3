using System.Net.WebSockets;
using System.Text;
using FsCheck;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TransportStreamTests
{
    private const int SideLimit = 1024;

    [Test]
    public async Task Write_Corked_IsHeldBackUntilTheWriterFlushes()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Cork();

        await wire.Stream.WriteAsync("one"u8.ToArray());
        await wire.Stream.FlushAsync();
        await wire.Stream.WriteAsync("two"u8.ToArray());
        await wire.Stream.FlushAsync();

        Assert.That(wire.TryTake(), Is.Empty);
        Assert.That(wire.Wakes, Is.Zero, "the writer is at work already");
        Assert.That(wire.Stream.IsDirty, Is.True);
        Assert.That(await wire.Stream.FlushTransportAsync(), Is.True);
        Assert.That(wire.TryTake(), Is.EqualTo("onetwo"));
        Assert.That(wire.Stream.IsDirty, Is.False);
    }

    [Test]
    public async Task Flush_NotCorked_WakesTheWriterInsteadOfFlushing()
    {
        var wire = new SlowWire(SideLimit);

        await wire.Stream.WriteAsync("pong"u8.ToArray());
        await wire.Stream.FlushAsync();

        Assert.That(wire.TryTake(), Is.Empty);
        Assert.That(wire.Wakes, Is.EqualTo(1));
        await wire.Stream.FlushTransportAsync();
        Assert.That(wire.TryTake(), Is.EqualTo("pong"));
    }

    [Test]
    public async Task Write_WhileAFlushIsPending_GoesToTheSideAndFollowsInOrder()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Write(Bytes('a', SlowWire.Threshold));
        var flush = wire.Stream.FlushTransportAsync();
        Assert.That(flush.IsCompleted, Is.False);
        Assert.That(wire.Stream.IsFlushPending, Is.True);

        wire.Stream.Write(Bytes('b', 10));
        wire.Stream.Write(Bytes('c', 10));
        Assert.That(wire.TryTake(), Has.Length.EqualTo(SlowWire.Threshold), "what is on the side has not gone before its turn");

        Assert.That(await flush, Is.True);
        Assert.That(wire.TryTake(), Is.EqualTo("bbbbbbbbbbcccccccccc"), "the writer's flush carries it without being asked again");
        Assert.That((wire.Stream.IsFlushPending, wire.Stream.IsDirty), Is.EqualTo((false, false)));
    }

    // Whoever pings faster than it reads its pongs is read no further, and nobody who reads is cut.
    [Test]
    public async Task Read_WhileTheSideIsFull_WaitsForTheFlush()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Write(Bytes('a', SlowWire.Threshold));
        var flush = wire.Stream.FlushTransportAsync();
        await wire.Input.WriteAsync("ping"u8.ToArray());

        wire.Stream.Write(Bytes('b', SideLimit - 1));
        Assert.That(wire.Stream.IsHeld, Is.False);
        wire.Stream.Write(Bytes('c', 1));
        Assert.That(wire.Stream.IsHeld, Is.True);
        var buffer = new byte[4];
        var read = wire.Stream.ReadAsync(buffer).AsTask();
        Assert.That(read.IsCompleted, Is.False);

        Assert.That(wire.TryTake(), Has.Length.EqualTo(SlowWire.Threshold));

        Assert.That(await flush, Is.True);
        Assert.That(await read.WaitAsync(TestClient.Patience), Is.EqualTo(4));
        Assert.That(wire.TryTake(), Has.Length.EqualTo(SideLimit));
        Assert.That(wire.Stream.IsHeld, Is.False);
    }

    // A writer that waits for the log flushes nothing, and a peer that pings on must not fill the memory meanwhile.
    [Test]
    public async Task Read_WithPongsThatNobodyFlushes_WaitsForTheWriter()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Cork();
        byte[] pong = [0x8A, 125, .. Bytes('p', 125)];
        var taken = 0L;
        for (; !wire.Stream.IsHeld && taken < 100L * 1024 * 1024; taken += pong.Length)
        {
            wire.Stream.Write(pong);
        }

        Assert.That(taken, Is.InRange(SideLimit, 1024 * SideLimit));
        await wire.Input.WriteAsync("ping"u8.ToArray());
        var read = wire.Stream.ReadAsync(new byte[4]).AsTask();
        Assert.That(read.IsCompleted, Is.False);

        wire.Stream.EndWriting();

        Assert.That(await read.WaitAsync(TestClient.Patience), Is.EqualTo(4), "a writer that has ended holds nobody");
    }

    [Test]
    public async Task Write_AfterTheCloseFrame_IsDropped()
    {
        var wire = new SlowWire(SideLimit);

        wire.Stream.WriteClose(WebSocketCloseStatus.NormalClosure, "client_closed");
        for (var i = 0; i < 100_000; i++)
        {
            wire.Stream.Write([0x8A, 0]);
        }

        Assert.That(wire.Stream.HasClosed, Is.True);
        await wire.Stream.FlushTransportAsync();
        Assert.That(
            Encoding.Latin1.GetBytes(wire.TryTake()), Is.EqualTo(new byte[] { 0x88, 15, 0x03, 0xE8 }.Concat("client_closed"u8.ToArray())));
    }

    // The connection says it, under the reason that it has ended with, which may have come before.
    [Test]
    public async Task Write_ACloseFrameOfTheWebSocket_IsNotedAndNotSent()
    {
        var wire = new SlowWire(SideLimit);

        wire.Stream.Write([0x88, 2, 0x03, 0xEA]);

        Assert.That(
            (wire.Stream.RefusedStatus, wire.Stream.HasClosed, wire.Stream.IsDirty),
            Is.EqualTo((WebSocketCloseStatus.ProtocolError, false, false)));
        wire.Stream.WriteClose((WebSocketCloseStatus)4400, "invalid_message");
        await wire.Stream.FlushTransportAsync();
        Assert.That(wire.TryTake(), Does.EndWith("invalid_message"));
    }

    [Test]
    public async Task Read_AfterTheEnd_TakesALittleMoreAndThenNothing()
    {
        var wire = new SlowWire(SideLimit);
        await wire.Input.WriteAsync(new byte[60 * 1024]);
        wire.Stream.BeginDraining();
        var buffer = new byte[1024];
        var taken = 0;
        while (await wire.Stream.ReadAsync(buffer) is > 0 and var read)
        {
            taken += read;
        }

        Assert.That(taken, Is.InRange(8 * 1024, 32 * 1024));
        Assert.That(await wire.Stream.ReadAsync(buffer), Is.Zero);
    }

    [Test]
    public async Task FlushTransport_PeerIsGone_SaysSo()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Write(Bytes('a', SlowWire.Threshold));
        var flush = wire.Stream.FlushTransportAsync();
        wire.Stream.Write(Bytes('b', 10));

        wire.Cut();

        Assert.That(await flush, Is.False);
        Assert.That((wire.Stream.IsFlushPending, wire.Stream.IsDirty), Is.EqualTo((false, false)));
    }

    [Test]
    public async Task Read_Bytes_AreTakenInOrderAndReportedAsLife()
    {
        var wire = new SlowWire(SideLimit);
        var empty = wire.Stream.ReadAsync(Memory<byte>.Empty);
        Assert.That(empty.IsCompleted, Is.False, "an empty read waits for bytes");

        byte[] frame = [0x81, 0x80, 1, 2, 3, 4];
        await wire.Input.WriteAsync(frame);

        Assert.That(await empty, Is.Zero);
        var buffer = new byte[4];
        Assert.That(await wire.Stream.ReadAsync(buffer), Is.EqualTo(4));
        Assert.That(buffer, Is.EqualTo(frame[..4]));
        Assert.That(await wire.Stream.ReadAsync(buffer), Is.EqualTo(2));
        Assert.That(wire.Inbound, Is.EqualTo(3));
        await wire.Input.CompleteAsync();
        Assert.That(await wire.Stream.ReadAsync(buffer), Is.Zero);
        Assert.That(wire.Inbound, Is.EqualTo(3), "the end is no sign of life");
    }

    [Test]
    public async Task Dispose_WithSomethingUnflushed_LosesNothing()
    {
        var wire = new SlowWire(SideLimit);
        wire.Stream.Write("goodbye"u8);

        await wire.Stream.DisposeAsync();

        await wire.Stream.FlushTransportAsync();
        Assert.That(wire.TryTake(), Is.EqualTo("goodbye"));
    }

    // The writer sends frames and flushes, the reader answers pings, and the peer reads in pieces of any size: whatever the order, each
    // frame stays whole, and each side's stay in order.
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public async Task Frames_OfWriterAndReaderOverASlowPipe_AreNeverInterleaved(DoNotSize<int> seed)
    {
        const int Frames = 300;
        var wire = new SlowWire(sideLimit: 1024 * 1024);
        var random = new Random(seed.Item);
        var (writerSeed, readerSeed, peerSeed) = (random.Next(), random.Next(), random.Next());

        var writer = Task.Run(async () =>
        {
            var random = new Random(writerSeed);
            for (var sent = 0; sent < Frames;)
            {
                wire.Stream.Cork();
                for (var batch = random.Next(1, 8); batch > 0 && sent < Frames; batch--)
                {
                    await wire.Stream.WriteAsync(Frame(0x81, sent++, random.Next(3, 2000)));
                    await wire.Stream.FlushAsync();
                }

                Assert.That(await wire.Stream.FlushTransportAsync(), Is.True);
            }
        });
        var reader = Task.Run(async () =>
        {
            var random = new Random(readerSeed);
            for (var sent = 0; sent < Frames; sent++)
            {
                await wire.Stream.WriteAsync(Frame(0x8A, sent, random.Next(3, 125)));
                await wire.Stream.FlushAsync();
                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }
            }
        });
        var received = new List<byte>();
        var both = Task.WhenAll(writer, reader);
        var peerRandom = new Random(peerSeed);
        while (!both.IsCompleted)
        {
            received.AddRange(Encoding.Latin1.GetBytes(wire.TryTake(peerRandom.Next(1, 5000))));
            await Task.Yield();
        }

        await both;

        // What the writer would do when woken.
        while (wire.Stream.IsDirty)
        {
            var last = wire.Stream.FlushTransportAsync().AsTask();
            while (!last.IsCompleted)
            {
                received.AddRange(Encoding.Latin1.GetBytes(wire.TryTake()));
                await Task.Yield();
            }
        }

        received.AddRange(Encoding.Latin1.GetBytes(wire.TryTake()));
        AssertWhole(received, Frames);
    }

    private static void AssertWhole(List<byte> received, int frames)
    {
        var next = new Dictionary<byte, int> { [0x81] = 0, [0x8A] = 0 };
        for (var at = 0; at < received.Count;)
        {
            var (kind, number, length) = (
                received[at], (received[at + 1] << 8) | received[at + 2], (received[at + 3] << 8) | received[at + 4]);
            Assert.That(number, Is.EqualTo(next[kind]++), $"a frame of kind {kind:X} at {at}");
            Assert.That(received.GetRange(at + 5, length), Is.All.EqualTo((byte)number));
            at += 5 + length;
        }

        Assert.That(next.Values, Is.All.EqualTo(frames));
    }

    private static byte[] Frame(byte kind, int number, int length)
        => [kind, (byte)(number >> 8), (byte)number, (byte)(length >> 8), (byte)length, .. Enumerable.Repeat((byte)number, length)];

    private static byte[] Bytes(char content, int count) => [.. Enumerable.Repeat((byte)content, count)];
}
