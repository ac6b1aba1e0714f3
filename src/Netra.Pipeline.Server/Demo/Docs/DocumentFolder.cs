using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>
/// The documents the demo may read: the Markdown files that were under one root at start. Immutable, safe from any thread.
/// </summary>
/// <remarks>
/// A path from a question is only ever looked up among the files found at start and never handed to the file system, so there is nothing
/// to escape from. Paths that try are told so, since "no such file" would hide what happened.
/// </remarks>
internal sealed class DocumentFolder
{
    // Looked up without regard to case, since people write "readme.md"; answered with the path as it is.
    private readonly Dictionary<string, (string Path, string File)> _files = new(StringComparer.OrdinalIgnoreCase);

    public DocumentFolder(IOptions<DemoOptions> options)
    {
        var root = Path.GetFullPath(options.Value.DocumentsDirectory, AppContext.BaseDirectory);
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException(
                $"The demo's documents are not at '{root}' ({DemoOptions.SectionName}:DocumentsDirectory).");
        }

        // Links are skipped: one could point anywhere.
        var found =
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint };
        foreach (var file in Directory.EnumerateFiles(root, "*.md", found))
        {
            var path = Path.GetRelativePath(root, file).Replace('\\', '/');
            _files.TryAdd(path, (path, file));
        }
    }

    /// <summary>The documents' paths, sorted.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Values.Select(file => file.Path).Order(StringComparer.Ordinal)];

    /// <summary>Reads a document; <paramref name="path"/> may leave out the leading <c>docs/</c>.</summary>
    public async Task<(string Path, string[] Lines)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var wanted = path.Trim().Replace('\\', '/');
        RefuseEscape(path, wanted);
        return _files.TryGetValue(wanted, out var found) || _files.TryGetValue("docs/" + wanted, out found)
            ? (found.Path, await File.ReadAllLinesAsync(found.File, cancellationToken))
            : throw new FileNotFoundException($"There is no document '{path}'. There are: {string.Join(", ", Paths)}.");
    }

    private static void RefuseEscape(string path, string wanted)
    {
        var rooted = wanted.StartsWith('/') || wanted.Contains(':') || wanted.StartsWith('~');
        if (rooted || wanted.Split('/').Contains(".."))
        {
            throw new UnauthorizedAccessException($"'{path}' leads outside the documents. Only paths below their root are read.");
        }
    }
}
