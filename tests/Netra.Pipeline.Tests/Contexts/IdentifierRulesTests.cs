using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Tests.Contexts;

public sealed class IdentifierRulesTests
{
    [TestCase("a")]
    [TestCase("ada@example.org")]
    [TestCase("Zoë 😀 …")]
    [TestCase("a$b")]
    [TestCase("\ud83d\ude00")]
    public void ProblemOfUser_Valid_IsNull(string value) => Assert.That(IdentifierRules.ProblemOfUser(value), Is.Null);

    [TestCase(null, "missing")]
    [TestCase("", "empty")]
    [TestCase("a\nb", "control character (U+000A) at index 1")]
    [TestCase("a\u007f", "control character (U+007F)")]
    [TestCase("\u0085", "control character (U+0085)")]
    [TestCase("$system", "reserved")]
    public void ProblemOfUser_NotValid_SaysWhy(string? value, string why) =>
        Assert.That(IdentifierRules.ProblemOfUser(value), Does.StartWith("user_id ").And.Contain(why));

    [Test]
    public void ProblemOf_UnpairedSurrogate_SaysWhere()
    {
        // Not as test cases: attributes are stored as UTF-8, which cannot carry them.
        Assert.That(IdentifierRules.ProblemOf("\ud83d", "it"), Is.EqualTo("it has an unpaired surrogate at index 0"));
        Assert.That(IdentifierRules.ProblemOf("a\ude00", "it"), Is.EqualTo("it has an unpaired surrogate at index 1"));
        Assert.That(IdentifierRules.ProblemOf("\ud83d\ud83d\ude00", "it"), Is.EqualTo("it has an unpaired surrogate at index 0"));
    }

    [Test]
    public void ProblemOf_AroundTheLimit_CountsBytesOfUtf8()
    {
        Assert.That(IdentifierRules.ProblemOf(new string('é', 128), "run_id"), Is.Null);
        Assert.That(
            IdentifierRules.ProblemOf(new string('é', 128) + "x", "run_id"),
            Is.EqualTo("run_id has 257 bytes of UTF-8, and at most 256 are allowed"));
    }

    [Test]
    public void ProblemOf_ReservedPrefix_IsFineForOthersThanUsers() => Assert.That(IdentifierRules.ProblemOf("$x", "thread_id"), Is.Null);
}
