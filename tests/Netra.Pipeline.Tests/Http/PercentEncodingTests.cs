using Netra.Pipeline.Http;

namespace Netra.Pipeline.Tests.Http;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PercentEncodingTests
{
    [TestCase("a%2Fb", "a/b")]
    [TestCase("%C3%bc", "ü")]
    [TestCase("ü", "ü")]
    public void TryDecode_Escapes_AreBytesOfUtf8(string text, string expected)
    {
        Assert.That(PercentEncoding.TryDecode(text, out var decoded), Is.True);
        Assert.That(decoded, Is.EqualTo(expected));
    }

    [TestCase("%")]
    [TestCase("%2")]
    [TestCase("%2\0")]
    [TestCase("% 2")]
    [TestCase("%+2")]
    [TestCase("%zz")]
    [TestCase("%C0%AF")]
    public void TryDecode_WhatIsNoEscapeOrNoUtf8_IsRefused(string text) => Assert.That(PercentEncoding.TryDecode(text, out _), Is.False);

    [Test]
    public void TryDecode_HalfASurrogatePair_IsRefused() => Assert.That(PercentEncoding.TryDecode("a\ud800", out _), Is.False);
}
