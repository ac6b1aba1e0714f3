using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Tests.Server.Demo.Docs;

public sealed class MarkdownSectionsTests
{
    [Test]
    public void Of_Document_CutsAtHeadingsAndKeepsLineNumbers()
    {
        var sections = MarkdownSections.Of("a.md", ["before", "# One", "text", "", "## Two ##", "```sh", "# comment", "```", "#hashtag"]);

        Assert.That(sections, Is.EqualTo(new[]
        {
            new DocSection("a.md", "a.md", 1, 1, "before"),
            new DocSection("a.md", "One", 2, 9, "text"),
            new DocSection("a.md", "Two", 5, 9, "```sh\n# comment\n```\n#hashtag"),
        }));
    }

    [Test]
    public void Of_Subsections_BelongToTheSectionAboveThem() => Assert.That(
        MarkdownSections.Of("a.md", ["# One", "## Two", "text", "### Three", "## Four", "# Five"])
            .Select(section => (section.FirstLine, section.LastLine)),
        Is.EqualTo(new[] { (1, 5), (2, 4), (4, 4), (5, 5), (6, 6) }));

    [Test]
    public void Of_HeadingsWithoutText_AreSectionsToo() =>
        Assert.That(
            MarkdownSections.Of("a.md", ["# One", "## Two"]).Select(section => section.Heading), Is.EqualTo(new[] { "One", "Two" }));

    [Test]
    public void Of_EmptyDocument_HasNone() => Assert.That(MarkdownSections.Of("a.md", []), Is.Empty);
}
