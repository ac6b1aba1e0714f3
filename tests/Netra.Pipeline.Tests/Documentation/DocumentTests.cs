using System.Diagnostics;
using System.Text.RegularExpressions;
using Netra.Pipeline.Load;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Documentation;

/// <summary>
/// What documents show works: each snippet of code is a part of a file that is built and run by the tests, each command of the harness has
/// the options that it is given, and each link leads somewhere.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class DocumentTests
{
    // Of whom the tests are: what lies there is built, and run.
    private static readonly string[] Run = ["tests/", "src/web/client/test/", "clients/python/test"];

    private static IEnumerable<Document> Documents => Document.All;

    private static IEnumerable<Snippet> Snippets => Document.All.SelectMany(static document => document.Snippets)
        .Where(static snippet => snippet.IsCode && !snippet.Document.Path.StartsWith("docs/decisions/", StringComparison.Ordinal));

    private static IEnumerable<string> LoadCommands
    {
        get
        {
            const string Program = "--project bench/Netra.Pipeline.Load -- ";
            return Document.All
                .SelectMany(static document => document.Commands("dotnet run ").Where(static command => command.Contains(Program)))
                .Select(static command => command[(command.IndexOf(" -- ", StringComparison.Ordinal) + 4)..].Split(';')[0].Trim());
        }
    }

    [TestCaseSource(nameof(Snippets))]
    public void Snippet_OfAProgram_StandsInAFileThatTestsRun(Snippet snippet)
    {
        Assert.That(snippet.Source, Is.Not.Null, "<!-- snippet: path --> before the block says what it is a part of");
        Assert.That(Run, Has.Some.Matches<string>(folder => snippet.Source!.StartsWith(folder, StringComparison.Ordinal)), snippet.Source);
        Assert.That(snippet.StandsInItsSource(), $"it does not stand in {snippet.Source}");
    }

    [TestCaseSource(nameof(LoadCommands))]
    public void Command_OfTheHarness_HasTheOptionsThatItIsGiven(string command)
        => Assert.That(
            LoadCommandLine.Create().Parse(command.Replace("$PID", "1", StringComparison.Ordinal)).Errors
                .Select(static error => error.Message),
            Is.Empty);

    [TestCaseSource(nameof(Documents))]
    public void Link_OfADocument_LeadsSomewhere(Document document)
    {
        var folder = Path.GetDirectoryName(document.Path)!;
        var dead = new List<string>();
        foreach (var link in Link().Matches(document.Text).Select(static match => match.Groups["to"].Value))
        {
            var parts = link.Split('#');
            var path = parts[0].Length == 0 ? document.Path : Path.Combine(folder, parts[0]);
            var full = Repository.PathOf(path);
            if (!Path.Exists(full) || (parts.Length > 1 && !Anchors(full).Contains(parts[1])))
            {
                dead.Add(link);
            }
        }

        Assert.That(dead, Is.Empty);
    }

    [Test]
    public async Task Readme_PublishesByCurl_IsAnsweredWithAReceipt()
    {
        await using var host = await PipelineHost.StartAsync();
        var command = new Document("README.md").Commands("curl ").First().Replace("127.0.0.1:5080", $"127.0.0.1:{host.Port}");

        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", command])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var answer = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();

        Assert.That(bash.ExitCode, Is.Zero);
        Assert.That(answer, Does.Contain("\"seq\":1"));
    }

    // As GitHub makes them of headings.
    private static HashSet<string> Anchors(string file)
        => [.. Heading().Matches(File.ReadAllText(file))
            .Select(static match => match.Groups["text"].Value.Trim().ToLowerInvariant())
            .Select(static text => NoAnchor().Replace(text, string.Empty).Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<to>(?!https?:|mailto:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
