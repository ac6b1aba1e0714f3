using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Events;

[Parallelizable(ParallelScope.All)]
internal sealed class EventDraftTests
{
    private static readonly byte[] Body = "\"type\":\"token\",\"data\":{}}"u8.ToArray();

    [FsCheck.NUnit.Property]
    public bool Complete_AnyNumbers_IsExactlyTheEvent(
        DoNotSize<long> drawn, byte shift, DoNotSize<long> other, byte otherShift, DoNotSize<ulong> stream)
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
        var keys = Enumerable.Range(0, 100)
            .Select(static i => Encoding.ASCII.GetString(EventDraft.KeyOf(ulong.MaxValue - (ulong)i)))
            .ToArray();

        Assert.That(keys, Is.Unique);
        Assert.That(keys, Has.All.Matches("^[0-9a-hj-km-np-tv-z]{13}$"));
    }

    [FsCheck.NUnit.Property]
    public bool TryParseId_WhatIdOfWrote_IsRead(DoNotSize<ulong> stream, DoNotSize<long> drawn, byte shift)
    {
        var seq = Math.Max(1, Arbitrary.Seq(drawn, shift));
        return EventDraft.TryParseId(EventDraft.IdOf(EventDraft.KeyOf(stream.Item), seq), out var readStream, out var readSeq)
            && readStream == stream.Item
            && readSeq == seq;
    }

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public bool TryParseId_NearlyAnId_IsReadOnlyAsItWouldBeWritten(
        DoNotSize<ulong> stream, DoNotSize<long> drawn, byte shift, byte at, char character, bool insert)
    {
        var id = EventDraft.IdOf(EventDraft.KeyOf(stream.Item), Math.Max(1, Arbitrary.Seq(drawn, shift)));
        var index = at % id.Length;
        var changed = id[..index] + character + id[(insert ? index : index + 1)..];
        return !EventDraft.TryParseId(changed, out var readStream, out var readSeq)
            || EventDraft.IdOf(EventDraft.KeyOf(readStream), readSeq) == changed;
    }

    [TestCase("")]
    [TestCase("0f3k7x9m2qwcb")]
    [TestCase("0f3k7x9m2qwcb-")]
    [TestCase("0f3k7x9m2qwcb-0")]
    [TestCase("0f3k7x9m2qwcb-058")]
    [TestCase("0f3k7x9m2qwcb--5")]
    [TestCase("0f3k7x9m2qwcb-+5")]
    [TestCase("0f3k7x9m2qwcb- 5")]
    [TestCase("0f3k7x9m2qwcb-5 ")]
    [TestCase("0f3k7x9m2qwcb-5\0")]
    [TestCase("0f3k7x9m2qwcb-9007199254740992")]
    [TestCase("0f3k7x9m2qwcb-99999999999999999999")]
    [TestCase("0F3K7X9M2QWCB-58")]
    [TestCase("0f3k7x9m2qwcl-58")]
    [TestCase("gf3k7x9m2qwcb-58")]
    [TestCase("f3k7x9m2qwcb-58")]
    public void TryParseId_AnythingElse_IsNoId(string id) => Assert.That(EventDraft.TryParseId(id, out _, out _), Is.False);

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
