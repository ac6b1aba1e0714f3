using Microsoft.Extensions.Options;
using Netra.Pipeline.Server.Demo;
using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Tests.Server.Demo;

/// <summary>A directory of documents of its own, deleted at the end.</summary>
internal sealed class DocumentsFixture : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("documents-");

    public DocumentsFixture()
    {
        Write("README.md", "# Netra\n\nWhat it is.\n\n## Limits\n\nQueues are bounded.\n");
        Write("docs/protocol.md", """
            # The wire

            Introduction.

            ## Overflow

            When a queue is full the connection lags.

            ```
            # no heading
            ```

            ## Gaps

            Numbers are consecutive.

            """);
    }

    public string Root => _directory.FullName;

    public DocumentFolder Folder => new(Options.Create(new DemoOptions { DocumentsDirectory = Root }));

    public void Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
