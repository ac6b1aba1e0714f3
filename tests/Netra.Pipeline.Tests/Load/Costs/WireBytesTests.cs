using System.Buffers.Binary;
using System.Text;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>
/// Every byte of the peers' workload on the wire, a token of 80 characters: it grows only on purpose. The user's name is not in it. With
/// number 1 it is, in order:
/// <code>
///   4  header of the frame: final text, a length of 16 bits, no mask (RFC 6455, 5.2)
///  32  {"seq":1,"id":"0f3k7x9m2qwcb-1",       two more for each further digit of the number
///  14  "type":"token"
///  32  ,"thread_id":"t1","run_id":"r1",
///  29  "timestamp":1763784000.123456
///  20  ,"data":{"delta":""}
///  80  the text
///  72  ,"traceparent":"00-…-01"               only when the emitter belongs to a trace
///   1  }
/// </code>
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WireBytesTests
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [TestCase(false, 4 + 32 + 14 + 32 + 29 + 20 + 80 + 1)]
    [TestCase(true, 4 + 32 + 14 + 32 + 29 + 20 + 80 + 72 + 1)]
    public async Task Token_Of80Characters_HasExactlySoManyBytes(bool traced, int expected)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var peer = await RawPeer.OpenAsync(host.Port, "somebody@example.com");
        var context = host.Contexts.Create(
            "somebody@example.com", "t1", "r1", trace: traced ? new TraceContext(TraceParent) : null);
        await using var emitter = await host.Emitters.CreateEmitterAsync(context);
        var text = new string('x', 80);

        var receipt = await emitter.TokenAsync(text);

        var header = new byte[4];
        await peer.Stream.ReadExactlyAsync(header);
        Assert.That(header[..2], Is.EqualTo(new byte[] { 0x81, 126 }));
        var payload = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2))];
        await peer.Stream.ReadExactlyAsync(payload);
        var envelope = Encoding.UTF8.GetString(payload);
        var timestamp = envelope.Split("\"timestamp\":")[1].Split(',')[0];
        var trace = traced ? $",\"traceparent\":\"{TraceParent}\"" : "";
        Assert.That(envelope, Is.EqualTo(
            $"{{\"seq\":1,\"id\":\"{receipt.Id}\",\"type\":\"token\",\"thread_id\":\"t1\",\"run_id\":\"r1\",\"timestamp\":{timestamp},"
            + $"\"data\":{{\"delta\":\"{text}\"}}{trace}}}"));
        Assert.That(header.Length + payload.Length, Is.EqualTo(expected));
    }
}
