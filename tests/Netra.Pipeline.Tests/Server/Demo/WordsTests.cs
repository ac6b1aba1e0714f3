using Netra.Pipeline.Server.Demo;

namespace Netra.Pipeline.Tests.Server.Demo;

public sealed class WordsTests
{
    [TestCase("one two  three\n\nfour", 4)]
    [TestCase("one", 1)]
    [TestCase("", 0)]
    [TestCase("  leading", 2)]
    [TestCase("trailing  ", 1)]
    public void Of_Text_GivesWordsThatTogetherAreTheText(string text, int count)
    {
        var words = Words.Of(text).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(words), Is.EqualTo(text));
            Assert.That(words, Has.Count.EqualTo(count));
        });
    }
}
