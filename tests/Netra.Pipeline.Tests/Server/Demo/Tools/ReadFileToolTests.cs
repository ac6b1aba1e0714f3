using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Tests.Server.Demo.Tools;

public sealed class ReadFileToolTests
{
    private DocumentsFixture _documents = null!;

    private ReadFileTool Tool => new(_documents.Folder);

    [SetUp]
    public void SetUp() => _documents = new DocumentsFixture();

    [TearDown]
    public void TearDown() => _documents.Dispose();

    [TestCase("""{"path":"README.md"}""", 1, 7)]
    [TestCase("""{"path":"readme.md","from_line":5}""", 5, 7)]
    [TestCase("""{"path":"README.md","from_line":3,"to_line":3}""", 3, 3)]
    [TestCase("""{"path":"README.md","to_line":1000}""", 1, 7)]
    [TestCase("""{"path":"README.md","heading":"limits"}""", 5, 7)]
    [TestCase("""{"path":"README.md","heading":"Netra"}""", 1, 7)]
    [TestCase("""{"path":"protocol.md","heading":"Gaps"}""", 13, 15)]
    public async Task Invoke_Path_ReadsThoseLines(string arguments, int from, int to)
    {
        var result = await Tool.CallAsync(arguments);

        Assert.Multiple(() =>
        {
            Assert.That(((int)result["from_line"]!, (int)result["to_line"]!, (bool)result["truncated"]!), Is.EqualTo((from, to, false)));
            Assert.That(((string)result["text"]!).Split('\n'), Has.Length.EqualTo(to - from + 1));
        });
    }

    [TestCase("../secret.md")]
    [TestCase("docs/../../secret.md")]
    [TestCase("..\\\\secret.md")]
    [TestCase("/etc/passwd")]
    [TestCase("C:/secret.md")]
    [TestCase("~/secret.md")]
    public void Invoke_PathOutsideTheRoot_IsRefusedAsSuch(string path)
    {


        Assert.That(
            async () => await Tool.CallAsync($$"""{"path":"{{path}}"}"""),
            Throws.TypeOf<UnauthorizedAccessException>().With.Message.Contains("outside the documents"));
    }

    [Test]
    public void Invoke_LinkOutOfTheRoot_IsNotThere()
    {
        File.CreateSymbolicLink(Path.Combine(_documents.Root, "link.md"), "/etc/hostname");

        Assert.That(async () => await Tool.CallAsync("""{"path":"link.md"}"""), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void Invoke_NoSuchFile_NamesThoseThereAre() => Assert.That(
        async () => await Tool.CallAsync("""{"path":"docs/nope.md"}"""),
        Throws.TypeOf<FileNotFoundException>().With.Message.Contains("docs/nope.md").And.Message.Contains("README.md, docs/protocol.md"));

    [Test]
    public void Invoke_NoSuchHeading_NamesThoseThereAre() => Assert.That(
        async () => await Tool.CallAsync("""{"path":"docs/protocol.md","heading":"Nope"}"""),
        Throws.TypeOf<ToolInputException>().With.Message.Contains("The wire; Overflow; Gaps"));

    [TestCase(0, 3)]
    [TestCase(9, 10)]
    [TestCase(3, 2)]
    public void Invoke_LinesThatAreNotThere_AreRefused(int from, int to) => Assert.That(
        async () => await Tool.CallAsync($$"""{"path":"README.md","from_line":{{from}},"to_line":{{to}}}"""),
        Throws.TypeOf<ToolInputException>().With.Message.Contains("has 7 lines"));

    [Test]
    public async Task Invoke_LongFile_IsTruncatedAtALineAndSaysSo()
    {
        _documents.Write("long.md", string.Join('\n', Enumerable.Repeat(new string('x', 99), 1_000)));

        var result = await Tool.CallAsync("""{"path":"long.md"}""");

        Assert.That(((bool)result["truncated"]!, (int)result["to_line"]!, (int)result["total_lines"]!), Is.EqualTo((true, 327, 1_000)));
    }
}
