using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class EventDraftTests
{
    private static readonly byte[] Body = "\"type\":\"token\",\"data\":{}}"u8.ToArray();

    [FsCheck.NUnit.Property]
    public bool Complete_AnyNumbers_IsExactlyTheEvent(DoNotSize<long> drawn, byte shift, DoNotSize<long> other, byte otherShift, DoNotSize<ulong> stream)
        => IsExact(Math.Max(1, Arbitrary.Seq(drawn, shift)), Math.Max(1, Arbitrary.Seq(other, otherShift)), stream.Item);

    [Test]
    public void Complete_NumberCrossesAPowerOfTen_IsExactlyTheEvent([Range(1, 15)] int digits)
    {
        var power = (long)Math.Pow(10, digits);
        foreach (var (expected, actual) in new[] { (power - 1, power), (power, power - 1), (power, power + 1), (power - 1, power * 10) })
        {
            Assert.That(IsExact(expected, actual, 0xDEADBEEF), Is.True, $"expected {expected}, got {actual}");
        }
    }

    [Test]
    public void KeyOf_NeighbouringStreams_Differ()
    {
        var keys = Enumerable.Range(0, 100).Select(static i => Encoding.ASCII.GetString(EventDraft.KeyOf(ulong.MaxValue - (ulong)i))).ToArray();

        Assert.That(keys, Is.Unique);
        Assert.That(keys, Has.All.Matches("^[0-9a-hj-km-np-tv-z]{13}$"));
    }

    private static bool IsExact(long expected, long seq, ulong stream)
    {
        var key = EventDraft.KeyOf(stream);
        var draft = new EventDraft(EventType.Token, DateTimeOffset.UnixEpoch, 42, Body, expected);
        var length = draft.LengthAt(seq);
        var buffer = draft.Complete(key, seq);
        using var json = JsonDocument.Parse(buffer.AsMemory(OwnerTag.Length));
        return buffer.Length == length
            && OwnerTag.Read(buffer) == 42
            && json.RootElement.GetProperty("seq").GetInt64() == seq
            && json.RootElement.GetProperty("id").GetString() == EventDraft.IdOf(key, seq)
            && json.RootElement.GetProperty("type").GetString() == "token"
            && buffer.AsSpan(buffer.Length - Body.Length).SequenceEqual(Body);
    }
}
