using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Tests.Server.Demo.Docs;

public sealed class DocumentIndexTests
{
    private DocumentsFixture _documents = null!;
    private DocumentIndex _index = null!;

    [SetUp]
    public void SetUp()
    {
        _documents = new DocumentsFixture();
        _index = new DocumentIndex(_documents.Folder);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _index.DisposeAsync();
        _documents.Dispose();
    }

    [Test]
    public async Task Search_WordOfAHeading_FindsItsSectionFirst()
    {
        var hits = await _index.SearchAsync("How does overflow work?", 5, CancellationToken.None);

        Assert.Multiple(() =>
        {
            Assert.That(hits[0], Has.Property("Path").EqualTo("docs/protocol.md").And.Property("Heading").EqualTo("Overflow"));
            Assert.That((hits[0].FirstLine, hits[0].LastLine), Is.EqualTo((5, 12)));
            Assert.That(hits[0].Snippet, Does.Contain("full"));
        });
    }

    [Test]
    public async Task Search_OtherFormOfAWord_FindsIt() =>
        Assert.That(await _index.SearchAsync("lagging", 5, CancellationToken.None), Has.Some.Property("Heading").EqualTo("Overflow"));

    [TestCase("\"")]
    [TestCase("overflow\" OR \"x")]
    [TestCase("NEAR(a b) AND body:*")]
    [TestCase("'; DROP TABLE sections; --")]
    [TestCase("a AND (")]
    public void Search_SyntaxOfTheIndex_IsTakenAsWords(string query) =>
        Assert.That(async () => await _index.SearchAsync(query, 5, CancellationToken.None), Throws.Nothing);

    [TestCase("what is the")]
    [TestCase("")]
    [TestCase("zyxwv")]
    public async Task Search_NothingToFind_GivesNothing(string query) =>
        Assert.That(await _index.SearchAsync(query, 5, CancellationToken.None), Is.Empty);

    [Test]
    public async Task Search_FromManyThreads_AnswersEach()
    {
        var searches = await Task.WhenAll(Enumerable.Range(0, 32)
            .Select(_ => Task.Run(() => _index.SearchAsync("overflow", 1, CancellationToken.None))));

        Assert.That(searches.Select(hits => hits.Single().Heading), Is.All.EqualTo("Overflow"));
    }
}
