using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Documentation;

/// <summary>A fenced block of a document.</summary>
/// <param name="Document">Whose it is.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">What the fence says.</param>
/// <param name="Source">The file that it is a part of, relative to the root.</param>
/// <param name="Lines">What stands in it.</param>
internal sealed record Snippet(Document Document, int Line, string Language, string? Source, IReadOnlyList<string> Lines)
{
    private static readonly string[] Code = ["csharp", "ts", "tsx", "js", "html", "python"];

    /// <summary>Whether somebody will copy it into a program.</summary>
    public bool IsCode => Code.Contains(Language);

    /// <summary>Whether its lines stand in its file, one after the other, however far they are indented there.</summary>
    public bool StandsInItsSource()
    {
        var source = File.ReadAllLines(Repository.PathOf(Source!));
        return Enumerable.Range(0, Math.Max(source.Length - Lines.Count + 1, 0)).Any(start => StandsAt(source.AsSpan(start, Lines.Count)));
    }

    public override string ToString() => $"{Document}:{Line}";

    private bool StandsAt(ReadOnlySpan<string> source)
    {
        var indent = source[0].Length - source[0].TrimStart().Length;
        for (var i = 0; i < source.Length; i++)
        {
            if (Lines[i] != (source[i].Length == 0 ? string.Empty : source[i].Length > indent ? source[i][indent..] : null))
            {
                return false;
            }
        }

        return true;
    }
}
