using System.Text.Json.Nodes;
using Netra.Pipeline.Server.Demo.Docs;
using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Tests.Server.Demo.Tools;

public sealed class SearchDocsToolTests
{
    [Test]
    public async Task Invoke_Query_GivesSectionsBestFirst()
    {
        using var documents = new DocumentsFixture();
        await using var index = new DocumentIndex(documents.Folder);

        var hits = (await new SearchDocsTool(index).CallAsync("""{"query":"queue overflow"}"""))["hits"]!.AsArray();

        Assert.Multiple(() =>
        {
            Assert.That(hits.Select(hit => (string)hit!["heading"]!), Is.EqualTo(new[] { "Overflow", "Limits" }));
            Assert.That(hits.Select(hit => (double)hit!["score"]!), Is.Ordered.Descending);
        });
    }

    [Test]
    public async Task Invoke_Limit_GivesNoMore()
    {
        using var documents = new DocumentsFixture();
        await using var index = new DocumentIndex(documents.Folder);

        Assert.That(
            (await new SearchDocsTool(index).CallAsync("""{"query":"queue","limit":1}"""))["hits"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Invoke_NothingFound_GivesNoHits()
    {
        using var documents = new DocumentsFixture();
        await using var index = new DocumentIndex(documents.Folder);

        Assert.That((await new SearchDocsTool(index).CallAsync("""{"query":"zyxwv"}"""))["hits"], Is.TypeOf<JsonArray>().And.Empty);
    }
}
