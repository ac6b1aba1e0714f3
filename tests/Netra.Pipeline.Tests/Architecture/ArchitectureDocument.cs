using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>What docs/architecture.md says of the house: its rooms from the ground up, and the files that an event passes.</summary>
internal static partial class ArchitectureDocument
{
    private static readonly string[] Lines = File.ReadAllLines(Repository.PathOf("docs/architecture.md"));

    /// <summary>The namespaces of the rooms, the lowest one first.</summary>
    public static IReadOnlyList<string> Rooms { get; } =
        [
            .. Section("## Rooms")
                .Select(static line => RoomRow().Match(line))
                .Where(static match => match.Success)
                .Select(static match => match.Groups[1].Value)
        ];

    /// <summary>The files of one leg of an event's way, in order.</summary>
    public static IReadOnlyList<string> FilesOf(string leg) =>
        [
            .. Section($"### {leg}")
                .Select(static line => FileRow().Match(line))
                .Where(static match => match.Success)
                .Select(static match => match.Groups[1].Value)
        ];

    private static IEnumerable<string> Section(string heading)
        => Lines.SkipWhile(line => line != heading).Skip(1).TakeWhile(static line => !line.StartsWith('#'));

    // | `Netra.Pipeline.Streams` | … |
    [GeneratedRegex(@"^\| `(Netra\.Pipeline[\w.]*)` \|")]
    private static partial Regex RoomRow();

    // 3. [UserStream.cs](../src/Netra.Pipeline.Core/Streams/UserStream.cs): …
    [GeneratedRegex(@"^\d+\. \[[^\]]+\]\(\.\./(src/[^)]+)\)")]
    private static partial Regex FileRow();
}
