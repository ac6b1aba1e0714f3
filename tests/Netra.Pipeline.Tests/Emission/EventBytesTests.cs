using System.Text;
using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Emission;

public sealed class EventBytesTests
{
    private static readonly EnvelopeConstants Constants = new(
        new UserExecutionContext("ada", "t1", "r1", "q1", trace: null, isSystem: false));

    [TestCase(0, "0.000000")]
    [TestCase(7, "0.000007")]
    [TestCase(999_999, "0.999999")]
    [TestCase(1_000_000, "1.000000")]
    [TestCase(1_763_784_000_000_042, "1763784000.000042")]
    [TestCase(1_763_784_000_123_456, "1763784000.123456")]
    public void Timestamp_AnyTime_IsSecondsWithSixDigitsOfFraction(long micros, string expected)
    {
        var now = DateTimeOffset.UnixEpoch.AddTicks(micros * 10);

        Assert.That(Encode(now, seq: 1, expectedSeq: 1), Does.Contain($"\"timestamp\":{expected},\"data\":{{\"at\":{expected}}}}}"));
    }

    [Test]
    public void Number_AroundEveryPowerOfTen_IsWrittenInFull(
        [Range(0, 15)] int power, [Values(-1, 0, 1)] int offset, [Values(-1, 0)] int late)
    {
        var seq = Math.Max(1, (long)Math.Pow(10, power) + offset);
        using var json = JsonDocument.Parse(Encode(DateTimeOffset.UnixEpoch, seq, Math.Max(1, seq + late)));

        Assert.That(json.RootElement.GetProperty("seq").GetInt64(), Is.EqualTo(seq));
        Assert.That(json.RootElement.GetProperty("id").GetString(), Is.EqualTo($"000000000000z-{seq}"));
    }

    [Test]
    public void Allocations_OfAnEvent_AreItsOneArray()
    {
        // The least of several: the first one makes the thread's encoder, and the runtime may allocate for itself.
        var least = long.MaxValue;
        var length = 0;
        for (var i = 0; i < 10; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            length = Encode(EventType.Token).Length;
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // An array has 24 bytes besides its own, and is rounded up to eight.
        Assert.That(least, Is.EqualTo((length + 24 + 7) / 8 * 8));
    }

    private static byte[] Encode(EventType type)
    {
        var encoder = EventEncoder.Rent();
        encoder.Begin(type, Constants.Head, DateTimeOffset.UnixEpoch);
        encoder.Data.WriteStartObject();
        encoder.Data.WriteString("delta"u8, "Hel");
        encoder.Data.WriteEndObject();
        var draft = new EventDraft(type, DateTimeOffset.UnixEpoch, ownerTag: 1, encoder.Finish(Constants.Trace), expectedSeq: 1);
        encoder.Return();
        return draft.Complete("000000000000z"u8, seq: 1);
    }

    private static string Encode(DateTimeOffset now, long seq, long expectedSeq)
    {
        var encoder = EventEncoder.Rent();
        encoder.Begin(EventType.Custom, Constants.Head, now);
        encoder.WriteRaw("{\"at\":"u8);
        encoder.WriteSeconds(now);
        encoder.WriteRaw("}"u8);
        var draft = new EventDraft(EventType.Custom, now, ownerTag: 1, encoder.Finish(Constants.Trace), expectedSeq);
        encoder.Return();
        return Encoding.UTF8.GetString(draft.Complete(EventDraft.KeyOf(31), seq).AsSpan(OwnerTag.Length));
    }
}
