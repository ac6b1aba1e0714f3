using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Publishing;

[Parallelizable(ParallelScope.All)]
internal sealed class IdempotencyHashesTests
{
    [FsCheck.NUnit.Property]
    public bool Of_PartsDividedOtherwise_Differs(string? one, string? other, byte at)
    {
        var text = "ab" + Arbitrary.Text(one) + Arbitrary.Text(other);
        var (first, second) = (1 + (at % (text.Length - 1)), 1 + ((at + 1) % (text.Length - 1)));
        return first == second || Hash(text[..first], text[first..]) != Hash(text[..second], text[second..]);
    }

    [Test]
    public void Of_EventWithWhiteSpace_AreThoseThatDataFoldersHave()
    {
        using var read = PublishedEventReader.Read(
            """
            {"user_id":"ada","thread_id":"t1","run_id":"r1","type":"tool_executing",
             "data":{ "tool_name" : "search", "arguments": [ 1, "a b" ] }}
            """u8.ToArray(),
            previous: null);
        var context = new UserExecutionContext("ada", "t1", "r1", "q", trace: null, isSystem: false);

        var hashes = IdempotencyHashes.Of("p", "k", context, attempt: null, read.Data);

        Assert.That(hashes.Key, Is.EqualTo(new UInt128(0x61bd4ab0cc6460cd, 0xb7294cc1dc3e63d3)));
        Assert.That(hashes.Content, Is.EqualTo(new UInt128(0x486b51f219beb3a7, 0xae8ed09da4fd3c85)));
    }

    [Test]
    public void Of_NamedAttempt_IsContent()
    {
        var context = new UserExecutionContext("ada", "t1", "r1", "q", trace: null, isSystem: false);
        var data = new PublishedData(EventType.Token, "{}"u8.ToArray(), AddMetadata: false, AddTimestamp: false);

        var hashes = new int?[] { null, 1, 2 }.Select(attempt => IdempotencyHashes.Of("p", "k", context, attempt, data)).ToArray();

        Assert.That(hashes.Select(static hash => hash.Content), Is.Unique);
        Assert.That(hashes.Select(static hash => hash.Key).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void OfReplay_SameText_IsNoPublishersKey()
    {
        Assert.That(IdempotencyHashes.OfReplay("k").Key, Is.Not.EqualTo(Hash(string.Empty, "k")));
        Assert.That(IdempotencyHashes.OfReplay("k").Key, Is.Not.EqualTo(Hash("k", string.Empty)));
    }

    [FsCheck.NUnit.Property]
    public bool OfReplay_SameEvent_IsTheSame(string? id) => IdempotencyHashes.OfReplay("e" + id) == IdempotencyHashes.OfReplay("e" + id);

    [Test]
    public void Of_PublisherOfAnyLength_IsHashedWhole()
        => Assert.That(Hash(new string('x', 10_000) + "a", "k"), Is.Not.EqualTo(Hash(new string('x', 10_000) + "b", "k")));

    private static UInt128 Hash(string publisher, string key)
    {
        var context = new UserExecutionContext("ada", "t1", "r1", "q", trace: null, isSystem: false);
        var data = new PublishedData(EventType.Token, "{}"u8.ToArray(), AddMetadata: false, AddTimestamp: false);
        return IdempotencyHashes.Of(publisher, key, context, attempt: null, data).Key;
    }
}
