using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>
/// Imports stand as <c>dotnet format</c> puts them: System first, then by name, then the static ones, then aliases. That program has to
/// build all that it looks at, which takes longer than the tests of many a feature.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class ImportOrderTests
{
    private static readonly string[] Roots = ["src", "tests", "bench"];

    [Test]
    public void Repository_EveryFile_ImportsInOrder()
    {
        var unordered = Roots
            .SelectMany(static root => Directory.EnumerateFiles(Repository.PathOf(root), "*.cs", SearchOption.AllDirectories))
            .Where(static path => !path.Contains("/node_modules/", StringComparison.Ordinal))
            .Where(static path => !IsInOrder(File.ReadAllText(path)))
            .ToList();

        Assert.That(unordered, Is.Empty, "dotnet format mends them");
    }

    [TestCase("using System;\nusing System.Text;\nusing A.B;\nusing static System.Math;\nusing X = A.C;\n", true)]
    [TestCase("using Aa.B;\nusing System;\n", false)]
    [TestCase("using A.C;\nusing A.B;\n", false)]
    [TestCase("using A.B.C;\nusing A.B;\n", false)]
    [TestCase("using static A.B;\nusing C;\n", false)]
    [TestCase("using var b = A();\nusing var a = B();\n", true)]
    public void IsInOrder_Imports_AreJudgedAsTheFormatterDoes(string text, bool isInOrder)
        => Assert.That(IsInOrder(text), Is.EqualTo(isInOrder));

    private static bool IsInOrder(string text)
    {
        var keys = Import().Matches(text).Select(static import => KeyOf(import.Groups["what"].Value)).ToList();
        return keys.SequenceEqual(keys.Order(StringComparer.Ordinal));
    }

    // A space is below every character of a name, so that what a name begins with comes before it.
    private static string KeyOf(string import)
    {
        var (alias, isStatic) = (import.IndexOf('='), import.StartsWith("static ", StringComparison.Ordinal));
        var name = alias > 0 ? import[..alias] : isStatic ? import["static ".Length..] : import;
        var group = alias > 0 ? '3' : isStatic ? '2' : '1';
        var isSystem = name == "System" || name.StartsWith("System.", StringComparison.Ordinal);
        return $"{group}{(isSystem && alias < 0 ? '0' : '1')}{name.Trim().Replace('.', ' ').ToUpperInvariant()}";
    }

    [GeneratedRegex(@"^using (?!var )(?<what>[^(\r\n]+);\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Import();
}
