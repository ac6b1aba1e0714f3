using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>
/// No line of code, comment or prose is above 140 characters: the end of a longer one is out of sight where two versions stand side by
/// side.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class LineLengthTests
{
    private const int MaxLength = 140;

    private static readonly string[] Extensions =
    [
        ".cs", ".md", ".ts", ".tsx", ".js", ".css", ".html", ".sh", ".py", ".yml", ".yaml", ".csproj", ".props", ".targets",
        ".editorconfig",
    ];

    // What builds, tools and servers leave behind, which is no part of the repository.
    private static readonly string[] Leavings =
    [
        ".git", ".idea", ".vs", ".vscode", "artifacts", "bin", "BenchmarkDotNet.Artifacts", "data", "dist", "node_modules", "obj",
        "TestResults", "wwwroot",
    ];

    /// <summary>
    /// What may be longer. Files of other kinds are not looked at: JSON (dashboards, <c>openapi.json</c>, recorded answers) is data whose
    /// strings cannot be broken, <c>BannedSymbols.txt</c> has a symbol a line, and tools write the solution and the lock files.
    /// </summary>
    private static readonly (string Reason, Func<string, string, bool> Covers)[] Exemptions =
    [
        ("a row of a Markdown table ends where its line ends",
            static (file, line) => file.EndsWith(".md", StringComparison.Ordinal) && line.TrimStart().StartsWith('|')),
        ("one word, such as a URL or an expression, has no place to break", static (_, line) => !line.Trim().Contains(' ')),
        ("results are written by the programs in bench", static (file, _) => file.StartsWith("bench/results/", StringComparison.Ordinal)),
    ];

    [Test]
    public void Repository_EveryLine_IsAtMost140CharactersLong()
    {
        var root = Repository.PathOf(string.Empty);
        var tooLong = FilesBelow(root)
            .SelectMany(path => LongLinesOf(Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadLines(path)))
            .ToList();

        Assert.That(tooLong, Is.Empty, $"Lines above {MaxLength} characters:\n{string.Join('\n', tooLong)}");
    }

    [Test]
    public void EditorConfig_MaxLineLength_IsTheSame()
    {
        var lengths = MaxLineLength().Matches(File.ReadAllText(Repository.PathOf(".editorconfig")));

        Assert.That(lengths.Select(static match => match.Groups["length"].Value), Is.EqualTo(new[] { $"{MaxLength}" }));
    }

    [TestCase("src/A.cs", 140, 0)]
    [TestCase("src/A.cs", 141, 1)]
    [TestCase("docs/a.md", 141, 1)]
    [TestCase("bench/results/a.md", 141, 0)]
    public void LongLinesOf_Prose_IsWhatIsTooLong(string file, int length, int expected)
        => Assert.That(LongLinesOf(file, ["short", $"a {new string('x', length - 2)}"]).Count(), Is.EqualTo(expected));

    [TestCase("docs/a.md", "| a cell |", 0)]
    [TestCase("src/A.cs", "| no cell |", 1)]
    [TestCase("docs/a.md", "https://example.org/", 0)]
    public void LongLinesOf_WhatCannotBreak_IsLeft(string file, string start, int expected)
        => Assert.That(LongLinesOf(file, [start + new string('x', MaxLength)]).Count(), Is.EqualTo(expected));

    private static IEnumerable<string> FilesBelow(string folder)
        => Directory.EnumerateFiles(folder)
            .Where(static path => Extensions.Contains(Path.GetExtension(path)))
            .Concat(Directory.EnumerateDirectories(folder)
                .Where(static path => !Leavings.Contains(Path.GetFileName(path)))
                .SelectMany(FilesBelow));

    private static IEnumerable<string> LongLinesOf(string file, IEnumerable<string> lines)
        => lines.Select((line, index) => (Text: line, Number: index + 1))
            .Where(line => line.Text.Length > MaxLength && !Array.Exists(Exemptions, exempt => exempt.Covers(file, line.Text)))
            .Select(line => $"{file}:{line.Number}: {line.Text.Length} characters");

    [GeneratedRegex(@"^max_line_length = (?<length>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex MaxLineLength();
}
